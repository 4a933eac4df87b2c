"""Laws of sentence splitting: nothing of the layout is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.sentences import Document


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hi. Bye.", ["Hi.", "Bye."]),
        ("Dr. No left. He ran.", ["Dr. No left.", "He ran."]),
        ("It costs 3.50 dollars. Cheap!", ["It costs 3.50 dollars.", "Cheap!"]),
        ("See e.g. the U.S. economy.", ["See e.g. the U.S. economy."]),
        ("He lives in the U.S. He likes it.", ["He lives in the U.S.", "He likes it."]),
        ("J. R. R. Tolkien wrote it. I read it.", ["J. R. R. Tolkien wrote it.", "I read it."]),
        ("It is I. You know me.", ["It is I.", "You know me."]),
        ('"Stop!" he said. "Why?"', ['"Stop!" he said.', '"Why?"']),
        ("What?! No... Really.", ["What?!", "No...", "Really."]),
        ("He paused ... and went on.", ["He paused ... and went on."]),
        ("Go to example.com. Then click.", ["Go to example.com.", "Then click."]),
        ("At 5 p.m. we left. At 6 p.m. The train came.", ["At 5 p.m. we left.", "At 6 p.m.", "The train came."]),
        ("I. Overview\nIV. The end\nA) Background", ["Overview", "The end", "Background"]),
        ("One line.\\nAnother.\\n", ["One line.", "Another."]),                   # as programs' texts write a line's end
        ("See C:\\nothing and D:\\New.", ["See C:\\nothing and D:\\New."]),
        ("(It rained.) We stayed.", ["(It rained.)", "We stayed."]),
        ("Version 2.0.1 is out. Get it.", ["Version 2.0.1 is out.", "Get it."]),
        ("- first item\n- second item", ["first item", "second item"]),
        ("1. Boil water. 2. Add salt.", ["Boil water.", "2.", "Add salt."]),
        ("> quoted\n> text", ["quoted", "text"]),
        ("# A title\n\nA paragraph.", ["A title", "A paragraph."]),
        ("Chapter one.[12] Chapter two.", ["Chapter one.[12]", "Chapter two."]),
        ("He said no. Then he left.", ["He said no.", "Then he left."]),
        ("Room No. 5 is free. See Fig. 3, Ch. IV and Vol. B12.", ["Room No. 5 is free.", "See Fig. 3, Ch. IV and Vol. B12."]),
        ("Mrs. Smith met Prof. O'Neil, i.e. her uncle.", ["Mrs. Smith met Prof. O'Neil, i.e. her uncle."]),
        ("J. A. Smith is here. J.R.R. Tolkien is not.", ["J. A. Smith is here.", "J.R.R. Tolkien is not."]),
        ("The car is John's. Mary has none.", ["The car is John's.", "Mary has none."]),
        ("It joined the U.N. in May. It left the E.U. The others stayed.", ["It joined the U.N. in May.", "It left the E.U.", "The others stayed."]),
        ("Acme Inc. Chairman Li bought apples, pears, etc. Then he left.", ["Acme Inc. Chairman Li bought apples, pears, etc.", "Then he left."]),
        (
            "Write to a.b@example.org. See https://x.org/a?b=c. Open notes.txt. Done.",
            ["Write to a.b@example.org.", "See https://x.org/a?b=c.", "Open notes.txt.", "Done."],
        ),
        (
            "“Who?” she asked. ‘Me!’ (He laughed.) [Applause.] Silence…  Then noise.",
            ["“Who?” she asked.", "‘Me!’", "(He laughed.)", "[Applause.]", "Silence…", "Then noise."],
        ),
        ("- [x] done\n- [ ] to do\n  * deeper\n  (a) lettered\n  12) numbered", ["done", "to do", "deeper", "lettered", "numbered"]),
        ("Name\tAge\nAnn Lee\t31    years", ["Name", "Age", "Ann Lee", "31", "years"]),
        ("Married? ☐ Yes ☑ No □ no answer ■", ["Married?", "Yes", "No", "no answer"]),
        ("Home » Shoes • News · Sports ✔\ufe0f Fast ✗ Slow", ["Home", "Shoes", "News", "Sports", "Fast", "Slow"]),
        ("● One\n  • two ○ three", ["One", "two", "three"]),
        ("Click ✓ to save. He said « hello » to me, 5·3, ☑☑ and 👍 so.", ["Click ✓ to save.", "He said « hello » to me, 5·3, ☑☑ and 👍 so."]),
        ("One\u2028Two\x0cThree\x85Four\r\nFive", ["One", "Two", "Three", "Four", "Five"]),
        ("", []),
        ("  \n\t\n", []),
        ("...", ["..."]),
    ],
)
def test_splits_sentences(text: str, sentences: list[str]):
    assert Document.parse(text).sentences == sentences


LAYOUT = st.text(st.sampled_from('aB .!?"()\n\r\t-*#>1…\u2028\u00a0\x0c«é😀'), max_size=60)


@given(st.one_of(st.text(), LAYOUT))
def test_a_document_of_its_own_sentences_is_the_text_byte_for_byte(text: str):
    document = Document.parse(text)
    assert document.rebuild(document.sentences) == text
    assert all(sentence == sentence.strip() and sentence for sentence in document.sentences)


@given(LAYOUT)
def test_translations_stand_where_the_sentences_stood(text: str):
    document = Document.parse(text)
    rebuilt = document.rebuild([f"<{i}>" for i in range(len(document.sentences))])
    for i, sentence in enumerate(document.sentences):
        rebuilt = rebuilt.replace(f"<{i}>", sentence, 1)
    assert rebuilt == text


@pytest.mark.parametrize("unit", [".", "?!", "a. ", " ", "   ", "\n", '"', ".\"", "- ", "a.b", "> ", "1. ", "(", ".[1]", "\t", "word\n", "A.B."])
def test_long_input_takes_linear_time(unit: str):
    started = time.perf_counter()
    Document.parse(unit * (200_000 // len(unit)))
    assert time.perf_counter() - started < 5   # quadratic would be minutes
