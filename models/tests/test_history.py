"""The history of a bundle's closing figures is read from git: each version's last judgement, and what is on disk now."""
import json
import subprocess

from draw_history import DRAWN, draw, figure_of, judged
from foleylab.closing import BARS


def test_each_version_has_its_last_judgement_and_the_table_on_disk_counts(tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True)

    path = tmp_path / "toy.json"
    git("init")
    for version, value in (("0.1.0", 0.2), ("0.1.0", 0.3), ("0.2.0", 0.4)):
        path.write_text(json.dumps({"version": version, "clips": 3, "closing.f1Trained": value}))
        git("add", "toy.json")
        git("commit", "-m", version)
    path.write_text(json.dumps({"version": "0.3.0", "clips": 3, "closing.f1Trained": 0.5}))
    rows = judged(path)
    assert [(v, figure_of(flat, "f1Trained")) for v, flat in rows.items()] == [("0.1.0", 0.3), ("0.2.0", 0.4), ("0.3.0", 0.5)]
    assert figure_of(rows["0.3.0"], "enginePitch") is None and set(DRAWN) <= {name for name, *_ in BARS}
    draw(rows, tmp_path / "toy.png")
    assert (tmp_path / "toy.png").read_bytes().startswith(b"\x89PNG")
