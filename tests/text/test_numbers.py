"""Laws of numbers: French may dress them otherwise, not change them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mt.text.number_words import CARDINALS, TENS, compounds, spelled
from mt.text.number_words import in_french as compound
from mt.text.number_words import lost as lost_words
from mt.text.numbers import in_french, invented, lost

COMPOUNDS = {10 * i + j: f"{tens}-{unit}" for i, tens in enumerate(TENS, 2) for j, unit in enumerate(CARDINALS, 1)}


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("1,250.50 units", "1 250,50 unités"),
        ("1,250.50 units", "1\u202f250,5 unités"),
        ("1,250.50 units", "1250,5 unités"),
        ("1,250.50 units", "1.250,50 unités"),
        ("1,250.50 units", "1,250.50 unités"),                 # copied: not French, but not lost
        ("1,234,567 people", "1 234 567 personnes"),
        ("3.5 km", "3,5 km"),
        ("3.50 km", "3,5 km"),
        ("$5", "5 $"),
        ("by .25 points", "de 0,25 point"),
        ("$.99", "0,99 $"),
        ("£1m and $5m", "1 M£ et 5 millions de dollars"),
        ("a 5m rope", "une corde de 5 m"),
        ("a .7z file", "un fichier .7z"),
        ("$5", "cinq dollars"),
        ("€20 and £30", "20 euros et 30 livres"),
        ("US$1.5 million", "1,5 million de dollars américains"),
        ("5 million people", "5 000 000 de personnes"),
        ("50% off", "50 % de réduction"),
        ("50% off", "cinquante pour cent de réduction"),
        ("50% of them", "50 p. 100 d'entre eux"),
        ("at 10:30 pm", "à 22 h 30"),
        ("at 10:30 pm", "à 22h30"),
        ("at 10:30 pm", "à 10 h 30 du soir"),
        ("at 10:00 am", "à 10 h"),
        ("at 3pm", "à 15 heures"),
        ("at 12 pm", "à midi"),
        ("at 12 am", "à minuit"),
        ("at 12:30 am", "à 0 h 30"),
        ("from 9:00-10:30 pm", "de 9 h 00 à 10 h 30 du soir"),
        ("on 2024-03-05 10:30 PM", "le 5 mars 2024 à 22 h 30"),
        ("2½ hours", "2½ heures"),
        ("at 12:00", "à midi"),
        ("at 7:05", "à 7 h 05"),
        ("at 07:05", "à 7 h 05"),
        ("at 10:30", "à dix heures et demie"),
        ("the 1st of May", "le 1er mai"),
        ("the 1st", "le premier"),
        ("the 2nd time", "la deuxième fois"),
        ("the 19th century", "le XIXe siècle"),
        ("May 21st, 2024", "le 21 mai 2024"),
        ("12/05/2024", "05/12/2024"),
        ("2024-05-01", "1er mai 2024"),
        ("3 cats", "trois chats"),
        ("three cats", "3 chats"),
        ("1 cat", "un chat"),
        ("17 cats", "dix-sept chats"),
        ("twenty-five cats", "25 chats"),
        ("two hundred and five cats", "205 chats"),
        ("a dozen eggs", "12 œufs"),
        ("in nineteen eighty-four", "en 1984"),
        ("half past ten", "10 h 30"),
        ("a million dollars", "1 000 000 $"),
        ("6 × 7", "6 fois 7"),
        ("a 3×4 grid", "une grille de 3 sur 4"),
        ("-5 °C", "-5 °C"),
        ("-5 °C", "moins 5 °C"),
        ("−5 °C", "–5 °C"),
        ("-$5", "-5 $"),
        ("MP3 files", "fichiers MP3"),
        ("COVID-19", "la COVID-19"),
        ("version 2.0.1", "version 2.0.1"),
        ("+1 (555) 010-2233", "+1 (555) 010-2233"),
        ("+1 555 010 2233", "+1 555 010 2233"),
        ("06 12 34 56 78", "06 12 34 56 78"),
        ("4111 1111 1111 1111", "4111 1111 1111 1111"),
        ("192.168.0.1", "192.168.0.1"),
        ("room 12, 250 euros", "chambre 12 250 euros"),
        ("page 10,20 and 30", "pages 10, 20 et 30"),
        ("24/7", "24 heures sur 24, 7 jours sur 7"),
        ("the 1990s", "les années 1990"),
        ("007", "007"),
        ("5k race", "course de 5 km"),
        ("1/2 cup", "1/2 tasse"),
        ("3-4 days", "3 à 4 jours"),
        ("no numbers", "pas de chiffres"),
    ],
)
def test_french_ways_of_writing_a_number_keep_it(source: str, translation: str):
    assert lost(source, translation) == []
    assert invented(source, translation) == []


@pytest.mark.parametrize(
    ("source", "translation", "gone", "new"),
    [
        ("€204.72", "04,72 €", ["€204.72"], ["04,72"]),
        ("€204.72", "204,72", ["€204.72"], []),
        ("1,250 cars", "1,25 voiture", ["1,250"], ["1,25"]),
        ("1,250 cars", "250 voitures", ["1,250"], ["250"]),
        ("3.5 km", "35 km", ["3.5"], ["35"]),
        ("10:30 pm", "23 h 30", ["10:30 pm"], ["23"]),
        ("10:30 am", "22 h 30", ["10:30 am"], ["22"]),
        ("12:30 am", "12 h 30", ["12:30 am"], ["12"]),
        ("9:00-10:30 pm", "9 h 00-10 h 30", ["9:00-10:30 pm"], []),
        ("on 2024-03-05 10:30 PM", "le 2024-03-05 10:30", ["10:30 PM"], []),
        ("2½ hours", "2 heures½", ["2½"], ["2"]),
        ("€12,50", "12 50 €", ["€12,50"], ["12", "50"]),
        ("$1,299.00", "1 299.00 $", ["$1,299.00"], ["1", "299.00"]),
        ("in 1987", "en 1978", ["1987"], ["1978"]),
        ("5,000 euros", "5 euros", ["5,000"], ["5"]),
        ("5 euros", "5 000 euros", [], []),        # might be "5 thousand"; not worth a false alarm
        ("$5", "5 euros", ["$5"], []),
        ("50%", "50", ["50%"], []),
        ("6 × 7", "6 à 7", ["6 × 7"], []),
        ("-5 °C", "5 °C", ["-5 °C"], ["5"]),
        ("007", "7", ["007"], ["7"]),
        ("7 and 7", "7", ["7"], []),
        ("21 cats", "vingt chats", ["21"], []),
        ("MP3", "MP4", ["MP3"], ["4"]),
        ("+1 555 010 2233", "+1 550 010 223", ["+1 555 010 2233"], ["1 550 010 223"]),
        ("hello", "bonjour 42", [], ["42"]),
        ("192.168.0.1", "192.68.1", ["192.168.0.1"], ["192.68.1"]),
        ("2 and 3.5", "2", ["3.5"], []),
        ("It is $15.00.", "C'est 15.000 $.", ["$15.00"], ["15.000"]),
    ],
)
def test_a_changed_number_is_noticed(source: str, translation: str, gone: list[str], new: list[str]):
    assert lost(source, translation) == gone
    assert invented(source, translation) == new


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("$1,250.50", "1\u202f250,50\u00a0$"),
        ("US$5", "5\u00a0$\u00a0US"),
        ("€20", "20\u00a0€"),
        ("20€", "20\u00a0€"),
        ("-$5", "-5\u00a0$"),
        ("1,234,567", "1\u202f234\u202f567"),
        ("3.5", "3,5"),
        (".5", "0,5"),
        ("$.99", "0,99\u00a0$"),
        ("£1.2m", "1,2\u00a0M£"),
        ("5m", "5m"),
        ("2.0.1", "2.0.1"),
        ("50%", "50\u00a0%"),
        ("-5°C", "-5\u00a0°C"),
        ("10:30 pm", "22\u00a0h\u00a030"),
        ("12 am", "0\u00a0h"),
        ("12:15 p.m.", "12\u00a0h\u00a015"),
        ("14:05", "14:05"),
        ("1st", "1er"),
        ("22nd", "22e"),
        ("12/25/2023", "12/25/2023"),
        ("+1 555 010 2233", "+1 555 010 2233"),
        ("MP3", "MP3"),
        ("10,20", "10,20"),
    ],
)
def test_writes_numbers_in_french(english: str, french: str):
    assert in_french(english) == french
    assert lost(english, french) == []
    assert invented(english, french) == []


@given(st.text(st.sampled_from("0123456789.,':/-– $€%()x+tamp\u202f"), max_size=25))
def test_a_text_loses_and_invents_no_number_against_itself(text: str):
    assert lost(text, text) == []
    assert invented(text, text) == []


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_every_amount_survives_its_french_dress(amount):
    english = f"${amount:,}"
    assert lost(english, in_french(english)) == []
    assert invented(english, in_french(english)) == []


@given(st.sampled_from(list(COMPOUNDS)), st.sampled_from(list(COMPOUNDS)))
@example(22, 82)
@example(64, 74)
@example(84, 94)
def test_numbers_in_words_are_told_apart(one: int, other: int):
    [(match, value, french)] = compounds(f"It is {COMPOUNDS[one]}.")
    assert (match[0], value, french) == (COMPOUNDS[one], one, compound(one))
    said = [compound(other), compound(other).replace("-", " "), str(other), f"3{other}"]
    assert all(lost_words(COMPOUNDS[one], text) == [COMPOUNDS[one]] * (one != other) for text in said)


@pytest.mark.parametrize(
    ("english", "french", "other"),
    [
        ("the twenty-first time", "la vingt et unième fois", "la vingt-deuxième fois"),
        ("the seventy-fifth time", "la soixante-quinzième fois", "la soixante-cinquième fois"),
        ("his eighty-ninth game", "son quatre-vingt-neuvième match", "son vingt-neuvième match"),
        ("my ninety-first year", "ma quatre-vingt-onzième année", "ma quatre-vingt-unième année"),
        ("Thirty-One cats", "Trente et une chattes", "Trente-deux chats"),
        ("nineteen seventy-five", "1975", "1957"),
    ],
)
def test_a_changed_number_in_words_is_noticed(english: str, french: str, other: str):
    assert lost_words(english, french) == []
    assert lost_words(english, other) != []


def test_a_number_in_words_has_the_capitals_of_its_source():
    text = "Ninety-nine of them, SEVENTY-TWO and Twenty-One: the thirty-second"
    assert [french for *_, french in compounds(text)] == ["Quatre-vingt-dix-neuf", "SOIXANTE-DOUZE", "vingt et un", "32e"]


def test_number_words_add_up():
    assert {"3", "305", "12", "1999", "5000000"} <= spelled("three hundred and five, a dozen, nineteen ninety-nine, 5 million")
