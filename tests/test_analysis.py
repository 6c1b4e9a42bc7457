"""BM25 in any script: the terms of a text, the language of a corpus, and what a board says where a rule does not fit."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

import toys
from conftest import ROOT
from harness.errors import HarnessError
from harness.measures.evaluate import evaluate
from harness.records.archive import Archive
from harness.search.analysis import Setting, analysis
from harness.search.detection import DOCUMENTS, detect
from harness.search.languages import NAMES, SNOWBALL, stop_words
from harness.search.words import normalized, word_rule
from harness.systems.bm25 import bm25
from harness.systems.lsa import lsa
from harness.types import Dataset, Run
from scripts import CORPORA, corpus, paired


def answered(data: Dataset, language: str, **options: str) -> tuple[float, Run]:
    """MRR@10 of BM25 with that language, and its run."""
    run = toys.ranked(toys.whole(bm25(language=language, **options)), toys.task(data))
    return float(evaluate(run, data, ["MRR@10"])[0].values.mean()), run


def terms(text: str) -> list[str]:
    """The terms of one text by the word rule alone."""
    return analysis(Setting("none"), []).terms([text])[0]


PLAIN = {"zh": 0.0, "ja": 0.0, "ko": 0.0, "ru": 0.25, "de": 0.5, "hi": 0.5, "ar": 0.25, "th": 0.75}
"""MRR@10 by bm25s' own rule, English words of two letters and more: the wrong number."""


@pytest.mark.parametrize("code", CORPORA)
def test_26_every_script_has_terms(code):
    """26. Each question is answered first by the one document that answers it; the plain rule loses some or all of them."""
    data = corpus(code)
    assert answered(data, "plain")[0] == PLAIN[code]
    for language in ("auto", code):
        score, run = answered(data, language)
        assert score == 1.0
        assert run.notes.language["chosen"] == code and run.notes.without_terms == {"document": 0.0, "query": 0.0}


def test_26_one_letter_is_a_term_and_a_sign_is_part_of_it():
    """C, R, C++ and C# are four languages, each with its own manual; the plain rule finds no term in any of the four."""
    documents = ("the manual of C for the office", "the manual of R for the office", "the manual of C++11 for the office",
                 "the manual of C# for the office", "the 5G net in the office")  # fmt: skip
    data = paired(documents, ("C", "R", "c++", "C#?", "5G"))
    score, run = answered(data, "plain")
    assert score == 0.2 and run.notes.without_terms == {"document": 0.0, "query": 0.8}
    score, run = answered(data, "auto")
    assert score == 1.0 and run.notes.language["chosen"] == "en" and run.notes.without_terms["query"] == 0.0
    assert [ids[0] for ids in run.doc_ids] == ["d0", "d1", "d2", "d3", "d4"] and set(map(len, run.doc_ids)) == {1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "l'assurance d’un dog's rock'n'roll don't O'Brien",
            ["assurance", "un", "dog", "rock", "roll", "don", "brien"],
        ),
        ("cafe\u0301 café ＣＡＦＥ\u0301", ["café", "café", "café"]),
        ("ｱｲｳ 中 AT&T issue#12 i++ 3.5", ["アイ", "イウ", "中", "at", "t", "issue", "12", "i++", "3", "5"]),
        ("किताबें नहीं", ["किताबें", "नहीं"]),
        ("5G日本 Wi-Fi", ["5g", "日本", "wi", "fi"]),
        ("ภาษา", ["ภา", "าษ", "ษา"]),
        ("co\xadoperate می\u200cروم", ["cooperate", "میروم"]),
        ("'' +++ ## \u0301 —", []),
    ],
)
def test_words_by_hand(text, expected):
    """Accents and vowel signs belong to their letter; of an apostrophe the word stays; scripts without spaces give pairs."""
    assert terms(text) == expected


def test_a_capital_i_is_turkish_only_in_turkish():
    """ISPARTA is ısparta there, and isparta elsewhere; İstanbul'da is istanbul everywhere."""
    turkish = analysis(Setting("tr", stemmer=""), [])
    assert turkish.terms(["ISPARTA İstanbul'da"]) == [["ısparta", "istanbul"]]
    assert terms("ISPARTA İstanbul'da") == ["isparta", "istanbul"]


def test_every_stemmer_belongs_to_a_language():
    """What PyStemmer has is reachable by a code; four of its languages have no stop words."""
    import Stemmer

    assert {*SNOWBALL.values(), "porter", "dutch_porter"} == set(Stemmer.algorithms())
    assert {code for code in SNOWBALL if not stop_words(code)} == {"ne", "sr", "ta", "yi"}
    assert not any({"c", "r"} & stop_words(code) for code in NAMES)


def test_english_by_the_plain_rule_is_what_bm25s_makes_of_it():
    """Term by term, whatever the text; so its numbers and its key stay what they were."""
    import bm25s
    import Stemmer

    texts = ["The C manuals' users, don't 5G naïve", "R", "", "running RUNS x-ray"]
    expected = bm25s.tokenize(
        texts, stopwords="en", stemmer=Stemmer.Stemmer("english"), show_progress=False, return_ids=False
    )
    assert analysis(Setting(), texts).terms(texts) == expected
    assert toys.whole(bm25()).system.identity == toys.whole(bm25(language="plain")).system.identity
    assert (
        "language" not in bm25().identity
        and len({bm25(language=code).identity for code in ("plain", "auto", "none", "en", "de", "hi", "ru+en")}) == 7
    )
    assert len({lsa(language=code).identity for code in ("plain", "auto", "de", "hi")}) == 4


def test_a_mixed_corpus_has_a_stemmer_for_each_script():
    """Russian, English and Chinese side by side: each word is stemmed as its script's language, Chinese is cut into pairs."""
    russian, chinese = CORPORA["ru"], CORPORA["zh"]
    english = (
        "The contracts run for three years and they are renewed.",
        "All of the employees have twenty days of vacation.",
    )
    data = paired(
        (*russian[0], *english, *chinese[0]), (*russian[1], "contract year", "employee vacations", *chinese[1])
    )
    score, run = answered(data, "auto")
    assert score == 1.0 and run.notes.language["chosen"] == "zh+ru+en"
    assert answered(data, "ru+en")[0] == 1.0  # pairs need no language
    assert answered(data, "en")[0] < 1.0


def test_two_languages_of_one_script_get_no_stemmer_and_are_said():
    """A German stemmer is wrong for English words, and the other way round."""
    english = ("The contracts run for three years and they are renewed.", "All of the employees have twenty days of vacation.",
               "The temperature in the halls must be kept low.", "The bills are to be paid within thirty days.")  # fmt: skip
    found = detect([*CORPORA["de"][0], *english])
    assert found.languages == () and "mixed" in found.evidence and "German" in found.evidence


def test_what_is_recognised_does_not_depend_on_the_order():
    """Of more documents than are looked at, the same ones in every order, and in every process."""
    documents = [f"{text} {number}" for number in range(400) for code in ("de", "zh") for text in CORPORA[code][0]]
    assert len(documents) > DOCUMENTS
    mixed = list(documents)
    random.Random(1).shuffle(mixed)
    found = detect(documents)
    assert detect(mixed) == found and set(found.languages) == {"de", "zh"}
    code = (
        "import sys; sys.path[:0] = ['tests']; from scripts import CORPORA; from harness.search.analysis import *; "
        "d = CORPORA['de'][0]; a = analysis(Setting('auto'), d); print(a.stated, a.tokens(d))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1 and "German" in told.pop()


def test_english_corpora_are_recognised(faq_texts):
    """The embedded ones, which the default reads as English without a doubt."""
    assert detect(faq_texts).languages == ("en",)
    assert analysis(Setting(), faq_texts).unlike == ""


@pytest.fixture(scope="module")
def faq_texts() -> list[str]:
    """Documents of the embedded FAQ."""
    from harness.compose.composition import job
    from harness.context import Context
    from harness.evaluation.opening import Opener

    return list(Opener(Context()).task(job(["task=faq"]).task).dataset.documents.texts)


def test_options_by_name_stand_over_the_languages_own():
    """No stop words, another stemmer: for the words of every script."""
    assert analysis(Setting("de", stopwords=""), []).terms(["die Verträge"]) == [["die", "vertrag"]]
    assert analysis(Setting("de", stemmer=""), []).terms(["die Verträge"]) == [["verträge"]]
    assert analysis(Setting("none", stopwords="de", stemmer="german"), []).terms(["die Verträge"]) == [["vertrag"]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"language": "klingon"}, "Unknown language 'klingon'"),
        ({"language": "de+en"}, "German and English share a script"),
        ({"language": "de", "stopwords": "xx"}, "model.stopwords=xx"),
        ({"stopwords": "hi"}, "model.language=hi"),
        ({"language": "de", "stemmer": "klingon"}, "model.stemmer=klingon"),
    ],
)
def test_an_unknown_language_list_or_stemmer_is_one_line(options, said):
    """Refused before anything is read."""
    with pytest.raises(HarnessError, match=said.replace("+", r"\+")):
        bm25(**options)


def written(data: Dataset, folder) -> None:
    """A BEIR folder of a data set."""
    import json

    (folder / "qrels").mkdir(parents=True)
    for name, texts in (("corpus", data.documents), ("queries", data.queries)):
        rows = [
            json.dumps({"_id": key, "title": "", "text": text})
            for key, text in zip(texts.ids, texts.texts, strict=True)
        ]
        (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    lines = [f"{query}\t{document}\t{grade}" for query, row in data.qrels.items() for document, grade in row.items()]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]) + "\n")


def test_26_the_board_says_that_queries_have_no_term_and_in_what_language_the_documents_are(harness, tmp_path):
    """On the terminal, in Markdown and on the page; with language=auto it says what was chosen, and nothing is in doubt."""
    written(corpus("hi"), tmp_path / "hindi")
    words = ("task=beir", "task.path=hindi", "task.label=hindi", "measures=[MRR@10]")
    done = harness("model=bm25", *words)
    assert done.returncode == 0, done.stderr
    doubt = "bm25 on hindi: 25 % of the queries have no term and score nothing; 25 % of the documents have no term"
    page = tmp_path / "results" / "leaderboard.html"
    for text in (done.stdout, (tmp_path / "results" / "leaderboard.md").read_text(), page.read_text()):
        assert doubt in text and "model.language=auto" in text and "Hindi: Devanagari 100 %" in text
    done = harness("model=bm25", "model.language=auto", *words)
    assert "bm25(language=auto) × hindi: MRR@10 1.0000" in done.stderr
    assert "bm25(language=auto) on hindi" not in page.read_text()
    assert "bm25(language=auto) reads hindi as hi: Devanagari 100 % (Hindi, by 36 % of its words)" in page.read_text()
    (record,) = [one for one in Archive(tmp_path / "results").read() if one.system != "bm25"]
    assert record.facts.other["language"] == "auto" and record.checks.language["chosen"] == "hi"
    assert "words 1, detection 1" in record.facts.other["tokenizer"]


def test_26_a_fusion_says_what_its_lexical_part_could_not_read(harness, tmp_path):
    """Its own row would be silent where the part has none."""
    written(corpus("hi"), tmp_path / "hindi")
    done = harness("model=rrf/bm25+wordllama", "task=beir", "task.path=hindi", "task.label=hindi")
    assert "bm25 in rrf/bm25+wordllama on hindi: 25 % of the queries have no term" in done.stdout


def test_latent_semantic_analysis_reads_any_script_too():
    """By scikit-learn's own words it finds nothing in Chinese that two texts share."""
    data = corpus("zh")
    plain = toys.ranked(toys.whole(lsa()), toys.task(data))
    assert plain.notes.without_terms["query"] == 1.0
    run = toys.ranked(toys.whole(lsa(language="auto")), toys.task(data))
    plain_score, score = (evaluate(one, data, ["MRR@10"])[0].values.mean() for one in (plain, run))
    assert score == 0.875 > plain_score and run.notes.without_terms["query"] == 0.0
    with pytest.raises(HarnessError, match="finds no term in 2 documents"):
        toys.ranked(toys.whole(lsa()), toys.task(paired(("a", "b"), ("a", "b"))))


def test_long_runs_are_not_remembered_and_change_nothing():
    """A chunk that is met twice gives the same terms, from memory or not."""
    text = "，".join(["合同期限为三年" * 9, "C++"])
    rule = word_rule()
    expected = [term for chunk in rule.chunks(normalized(text)) for term in rule.terms(chunk)]
    assert analysis(Setting("none"), []).terms([text, text]) == [expected, expected]
