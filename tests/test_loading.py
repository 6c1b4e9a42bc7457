"""Loading from hosts, against stand-ins that speak their protocols: a model hub, and BEIR's file server."""

from __future__ import annotations

import os
import shutil
import zipfile

import pytest

import mirrors
import standins
from conftest import ROOT
from harness.data import beir
from harness.errors import Unreachable
from harness.hub import Hub
from harness.records.archive import Archive

ONLINE = {"HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
REVISION = "0123456789abcdef0123456789abcdef01234567"


def test_a_model_is_fetched_from_the_hub_at_its_revision_once(harness, tmp_path, minilm_folder):
    """The pinned revision is asked for, not `main`; the second run asks nobody; the vectors are the model's."""
    asked: list[str] = []
    with standins.served(standins.hub("acme/tiny", minilm_folder, REVISION, asked)) as address:
        env = {**ONLINE, "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hub")}
        words = ("model=hub/acme/tiny", f"model.revision={REVISION}", "task=legal", "limit=2", "board=false")
        done = harness(*words, env=env)
        assert done.returncode == 0, done.stderr
        assert any(path.endswith("model.safetensors") for path in asked) and not any("/main" in path for path in asked)
        asked.clear()
        again = harness(*words, env=env)
        assert "already recorded" in again.stderr and asked == []
        gone = harness("model=hub/acme/nothing", "task=legal", env=env)
    assert gone.returncode == 2 and "acme/nothing" in gone.stderr and "Traceback" not in gone.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.facts.revision == REVISION and record.facts.dimension == 384


def test_a_hub_that_is_not_there_is_one_line(harness, tmp_path):
    """With what to do instead; nothing is written."""
    env = {**ONLINE, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "hub")}
    done = harness("model=hub/acme/tiny", "task=legal", env=env)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "not within reach" in done.stderr and "data.mirror=DIR" in done.stderr


@pytest.fixture
def beir_server(tmp_path, monkeypatch):
    """A file server with one zipped set, in place of BEIR's."""
    source = tmp_path / "site" / "tiny"
    (source / "qrels").mkdir(parents=True)
    (source / "corpus.jsonl").write_text('{"_id": "d1", "title": "", "text": "one"}\n{"_id": "d2", "text": "two"}\n')
    (source / "queries.jsonl").write_text('{"_id": "q1", "text": "one?"}\n')
    (source / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    shutil.make_archive(str(source), "zip", source.parent, "tiny")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with standins.served(standins.files(tmp_path / "site")) as address:
        monkeypatch.setattr(beir, "URL", address + "/{name}.zip")
        yield tmp_path


def test_a_beir_set_is_downloaded_once_by_beirs_own_loader(beir_server, monkeypatch):
    """Then read from the cache, without a host."""
    folder = beir.download("tiny", Hub())
    assert beir.read_folder(folder, "test", "beir/tiny").counts["documents"] == 2
    monkeypatch.setattr(beir, "URL", "http://127.0.0.1:9/{name}.zip")
    assert beir.download("tiny", Hub()) == folder


def test_a_beir_download_that_failed_leaves_nothing_to_trust(beir_server):
    """beir keeps a half-written archive and takes it for the set the next time; ours is removed."""
    cache = Hub().cache / "beir"
    with pytest.raises(Unreachable, match=r"task=beir task\.path=DIR"):
        beir.download("nothing", Hub())
    assert not list(cache.glob("nothing*"))
    (beir_server / "site" / "broken.zip").write_bytes(b"PK half an archive")
    with pytest.raises(Unreachable):
        beir.download("broken", Hub())
    assert not (cache / "broken.zip").exists()
    with zipfile.ZipFile(beir_server / "site" / "tiny.zip") as whole:
        assert whole.testzip() is None


WATCH = """
import socket
from pathlib import Path

def refused(*args, **kwargs):
    with Path({log!r}).open("a") as file:
        file.write(repr(args[:2]) + "\\n")
    raise OSError("the network is denied")

socket.getaddrinfo = refused
socket.socket.connect = refused
"""


@pytest.mark.slow
def test_with_a_mirror_nothing_tries_to_reach_a_host(harness, tmp_path, minilm_folder, shared):
    """Without any switch in the environment: hub model, mteb's loader, mteb's data, all from folders."""
    mirror, log = tmp_path / "mirror", tmp_path / "reached.txt"
    mirrors.model(minilm_folder, mirror, "sentence-transformers/all-MiniLM-L6-v2")
    mirrors.stsbenchmark(shared, mirror)
    mirrors.scifact(shared, mirror)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WATCH.format(log=str(log)))
    env = {
        "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{ROOT}", "HF_HOME": str(tmp_path / "hub"),
        "HF_HUB_OFFLINE": "", "HF_DATASETS_OFFLINE": "", "TRANSFORMERS_OFFLINE": "",
    }  # fmt: skip
    models = "model=hub/sentence-transformers/all-MiniLM-L6-v2,mteb/sentence-transformers/all-MiniLM-L6-v2,bm25"
    words = ("-m", models, "task=mteb/STSBenchmark,legal", "limit=2", f"data.mirror={mirror}", "board=false")
    done = harness(*words, env=env)
    assert done.returncode == 0, done.stderr
    done = harness("model=bm25", "task=scifact", f"data.mirror={mirror}", "board=false", env=env)
    assert done.returncode == 0, done.stderr
    assert not log.exists(), log.read_text()
    found = {(one.system, one.task): one for one in Archive(tmp_path / "results").read()}
    hub, by_mteb = (
        found[f"{kind}/sentence-transformers/all-MiniLM-L6-v2", "mteb/STSBenchmark"] for kind in ("hub", "mteb")
    )
    assert hub.primary.mean == pytest.approx(0.8203, abs=0.001) == by_mteb.primary.mean
    missing = harness("model=bm25", "task=nfcorpus", f"data.mirror={mirror}", env=env)
    assert missing.returncode == 2 and f"put it at {mirror}/ORG/NAME" in missing.stderr and not log.exists()
