"""Small corpora by hand in eight languages, whose questions use another form of the word than the document that answers them."""

from __future__ import annotations

from harness.data.build import dataset
from harness.types import Dataset, Texts

CORPORA: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "zh": (
        ("合同期限为三年，到期后自动延长。", "员工每年有二十天的带薪休假。", "仓库的温度必须保持在五度以下。",
         "发票应在三十天内付款。"),
        ("合同的期限是多久？", "带薪休假有几天？", "温度要求", "付款时间"),
    ),
    "ja": (
        ("契約期間は三年間で、自動的に更新されます。", "従業員には年に二十日の有給休暇があります。",
         "倉庫の温度は五度以下に保たなければなりません。", "請求書は三十日以内に支払ってください。"),
        ("契約期間はどのくらいですか", "有給休暇は何日ですか", "倉庫の温度", "支払いの期限"),
    ),
    "ko": (
        ("계약 기간은 삼 년이며 자동으로 연장됩니다.", "직원에게는 매년 이십 일의 휴가가 있습니다.",
         "창고의 온도를 오 도 이하로 유지해야 합니다.", "송장은 삼십 일 안에 지불해야 합니다."),
        ("계약은 얼마나 오래", "휴가를 며칠", "온도는", "지불 기한"),
    ),
    "ru": (
        ("Договор заключается на три года и продлевается автоматически.", "Сотрудники получают двадцать дней отпуска в год.",
         "На складах должна поддерживаться низкая температура.", "Счета оплачиваются в течение тридцати дней."),
        ("срок договора", "сколько отпусков у сотрудника", "температуры склада", "когда оплачивать счёт и счета"),
    ),
    "de": (
        ("Die Verträge werden für drei Jahre geschlossen und verlängern sich.",
         "Den Beschäftigten stehen zwanzig Urlaubstage im Jahr zu.",
         "In den Lagerhäusern muss die Temperatur niedrig gehalten werden.",
         "Die Rechnungen sind innerhalb von dreißig Tagen zu bezahlen."),
        ("Wie lange gilt ein Vertrag", "wie viel Urlaubstag für Beschäftigte", "Temperaturen im Lagerhaus",
         "Wann ist die Rechnung zu zahlen"),
    ),
    "hi": (
        ("किताबें पुस्तकालय में रखी हैं।", "कर्मचारियों को साल में बीस छुट्टियाँ मिलती हैं।",
         "गोदाम का तापमान कम होना चाहिए।", "पैसे तीस दिनों में देने हैं।"),
        ("किताब कहाँ है", "कर्मचारी की छुट्टी", "गोदामों के तापमान", "पैसा देना"),
    ),
    "ar": (
        ("مدة العقد ثلاث سنوات ويتم تجديده تلقائيا.", "يحصل الموظفون على عشرين يوم إجازة في السنة.",
         "يجب أن تكون درجة الحرارة في المستودع منخفضة.", "يجب دفع الفواتير خلال ثلاثين يوما."),
        ("عقد", "إجازات موظف", "حرارة مستودع", "دفع الفواتير"),
    ),
    "th": (
        ("สัญญามีระยะเวลาสามปีและต่ออายุโดยอัตโนมัติ", "พนักงานมีวันหยุดพักร้อนยี่สิบวันต่อปี",
         "อุณหภูมิในโกดังต้องต่ำกว่าห้าองศา", "ต้องชำระใบแจ้งหนี้ภายในสามสิบวัน"),
        ("ระยะเวลาของสัญญา", "วันหยุดพักร้อน", "อุณหภูมิโกดัง", "ชำระใบแจ้งหนี้"),
    ),
}  # fmt: skip
"""Code → documents and questions; the first question is answered by the first document, and so on."""


def corpus(code: str) -> Dataset:
    """The data set of a language."""
    documents, questions = CORPORA[code]
    return paired(documents, questions, name=f"toy-{code}")


def paired(documents: tuple[str, ...], questions: tuple[str, ...], *, name: str = "toy") -> Dataset:
    """Each question is answered by the document of the same place."""
    return dataset(
        name=name, split="test", documents=Texts([f"d{at}" for at in range(len(documents))], list(documents)),
        queries=Texts([f"q{at}" for at in range(len(questions))], list(questions)),
        qrels={f"q{at}": {f"d{at}": 1} for at in range(len(questions))},
    )  # fmt: skip
