"""Laws of the glossary."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt.cli.translate import compliance
from mt.errors import DataError
from mt.text.fidelity import attempts, flaws, missing
from mt.text.glossary import Glossary

GLOSSARY = Glossary({"dashboard": "tableau de bord", "Acme Cloud": "Acme Cloud", "cloud": "nuage", "US": "États-Unis", "C++": "C++", "node": "nœud"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Open the dashboard.", [("dashboard", "tableau de bord")]),
        ("Dashboard of Acme Cloud", [("Dashboard", "Tableau de bord"), ("Acme Cloud", "Acme Cloud")]),   # the longest first
        ("The DASHBOARD", [("DASHBOARD", "tableau de bord")]),
        ("acme cloud", [("cloud", "nuage")]),                                  # a term with capitals wants them
        ("tell us, the US way", [("US", "États-Unis")]),
        ("a dashboarder, subcloud or dashboard2", []),                        # whole words only
        ("C++, c++ and C", [("C++", "C++")]),
        ("the cloud's node-cloud", [("cloud", "nuage"), ("node", "nœud"), ("cloud", "nuage")]),
        ("https://cloud.example/node and {node}", []),                        # not inside what is kept anyway
        ("Acme  Cloud\u00a0node", [("Acme  Cloud", "Acme Cloud"), ("node", "nœud")]),
        ("", []),
    ],
)
def test_finds_terms(text: str, found: list[tuple[str, str]]):
    assert [(literal.text, literal.target) for literal in GLOSSARY.find(text)] == found
    assert Glossary({}).find(text) == []


def test_terms_and_literals_are_hidden_together():
    source = "Open the dashboard at https://acme.example"
    attempt = attempts(source, GLOSSARY.find(source))[1]   # after one in which the network may use the terms by itself
    assert attempt.text == "Open the XX1 at XX2"
    restored = attempt.restore("Ouvrez le XX1 sur XX2")
    assert restored == "Ouvrez le tableau de bord sur https://acme.example"
    assert missing(source, restored) == []
    assert all(check.kept for check in GLOSSARY.check(source, restored))


def test_compliance_counts_each_place_and_allows_a_plural():
    checks = [
        *GLOSSARY.check("a dashboard, a dashboard, a cloud", "un tableau de bord, un panneau, des Nuages"),
        *GLOSSARY.check("Dashboard", "Des nuages"),
    ]
    assert [check.kept for check in checks] == [True, False, True, False]
    assert compliance(checks) == [("dashboard", "tableau de bord", 3, 1), ("cloud", "nuage", 1, 1)]


def test_a_target_with_a_number_is_not_made_up_and_typography_does_not_hide_it():
    glossary = Glossary({"router": "routeur X200", "host": "l'hôte"})
    source = "The router"
    assert flaws(source, "Le routeur X200", glossary.find(source)) == []
    assert flaws(source, "Le routeur X300", glossary.find(source)) == ["300"]
    assert [check.kept for check in glossary.check("The host", "L\u2019hôte")] == [True]


def test_terms_are_found_however_their_file_writes_spaces_and_accents(tmp_path: Path):
    path = tmp_path / "terms.tsv"
    path.write_text("power  supply\talimentation  :\u00a05\u00a0%\nAcme\u00a0Cloud\ncafe\u0301\tbistrot\n", encoding="utf-16")
    glossary = Glossary.load(path)
    found = [literal.target for literal in glossary.find("power supply, Acme Cloud, café")]
    assert found == ["alimentation :\u00a05\u00a0%", "Acme Cloud", "bistrot"]


def test_loads_terms_comments_and_terms_alone(tmp_path: Path):
    path = tmp_path / "terms.tsv"
    path.write_bytes("\ufeff# ours\r\ndashboard\ttableau de bord\r\n\r\nAcme\nnode \t nœud \ndashboard\ttableau de bord\n".encode())
    assert Glossary.load(path).entries == {"dashboard": "tableau de bord", "Acme": "Acme", "node": "nœud"}


@pytest.mark.parametrize("line", ["\tonly a translation", "a\tb\tc", "--\tx", "dashboard\tpanneau"])
def test_a_bad_line_is_named(tmp_path: Path, line: str):
    path = tmp_path / "terms.tsv"
    path.write_text(f"dashboard\ttableau de bord\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        Glossary.load(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    path = tmp_path / "terms.tsv"
    with pytest.raises(DataError, match="cannot read"):
        Glossary.load(path)
    path.write_bytes(b"caf\xe9\n")
    with pytest.raises(DataError, match="UTF-8"):
        Glossary.load(path)
