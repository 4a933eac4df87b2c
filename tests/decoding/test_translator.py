"""Laws of translating texts, whatever the engine says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fakes import Dictionary, translating
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.config import DecodeConfig
from mt.data.spelling import Spelling
from mt.data.translation_memory import TranslationMemory
from mt.data.vocabulary import train_tokenizer
from mt.decoding.hypothesis import Hypothesis
from mt.decoding.sentence import repeats
from mt.decoding.translator import CHUNK, FIRST_CHUNK, Translator
from mt.text.fidelity import missing
from mt.text.glossary import Glossary
from mt.text.tokenizer import Tokenizer

WORDS = "the cat sat on a mat and then it ran away home again to see what was there in 2024 hello world my name is good"


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    lines = [" ".join(WORDS.split()[i % 20 :]) + "." for i in range(200)]
    return train_tokenizer(lines, tmp_path_factory.mktemp("t") / "tokenizer.model", vocab_size=450, kind="bpe", seed=1, threads=1)


@pytest.fixture(scope="module")
def copying(tokenizer: Tokenizer) -> Translator:
    return translating(Dictionary(tokenizer, {}), tokenizer)


def speaking(tokenizer: Tokenizer, known: dict[str, str], *, max_tokens: int = 100) -> Translator:
    return translating(Dictionary(tokenizer, known), tokenizer, max_tokens=max_tokens)


class Stuttering:
    """An engine that says a word over and over, unless it is forbidden to repeat itself."""

    def __init__(self, tokenizer: Tokenizer, *, cured: bool) -> None:
        self.stutter, self.cure, self.cured = tokenizer.encode("the cat " * 9), tokenizer.encode("le chat"), cured

    def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
        tokens = self.cure if config.no_repeat and self.cured else self.stutter
        return [[Hypothesis(tokens, 0.0, [0.0] * (len(tokens) + 1), finished=True)] for _ in sources]


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "\t  \r\n", "...", "42", "3.14 + 2 = 5.14", "12/03/2024 - 10:45", "***\n---\n", "€ 5,000.00!", "\x00\x07", "👍 🎉", "?!\n\n  ¿"],
)
def test_what_has_no_letters_comes_back_untouched(tokenizer: Tokenizer, text: str):
    engine = Dictionary(tokenizer, {})
    assert translating(engine, tokenizer, max_tokens=9).translate(text).text == text
    assert not engine.asked


def test_brackets_open_without_a_space(tokenizer: Tokenizer):
    translator = speaking(tokenizer, {"the mat (and the cat) ran": "le tapis ( et le chat) a couru ( )"})
    assert translator.translate("the mat (and the cat) ran").text == "le tapis (et le chat) a couru ( )"


def test_layout_survives(tokenizer: Tokenizer):
    translator = speaking(tokenizer, {"Hello.": "Bonjour.", "The cat ran.": "Le chat courut."})
    text = "  Hello.  The cat ran.\r\n\r\n\t- Hello.\n> Hello. \n\n"
    assert translator.translate(text).text == "  Bonjour.  Le chat courut.\r\n\r\n\t- Bonjour.\n> Bonjour. \n\n"


@settings(max_examples=60)
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_at_all_is_translated_with_its_lines_kept(copying: Translator, text: str):
    assert copying.translate(text).text.count("\n") == text.count("\n")


@pytest.mark.parametrize("text", ["\ud800", "hello \udcff world", "\udc80\udc81."])
def test_lone_surrogates_do_no_harm(copying: Translator, text: str):
    assert copying.translate(text).source == text


@pytest.mark.parametrize("count", [0, 1, FIRST_CHUNK, FIRST_CHUNK + 1, FIRST_CHUNK + CHUNK + 3])
def test_each_line_gives_one_line_in_order(copying: Translator, count: int):
    lines = [f"hello {i}" if i % 3 else "" for i in range(count)]
    assert [result.text for result in copying.translate_lines(lines)] == lines


def test_first_lines_are_out_before_the_last_are_in(copying: Translator):
    seen: list[int] = []

    def lines():
        for i in range(1000):
            seen.append(i)
            yield "hello"

    next(copying.translate_lines(lines()))
    assert len(seen) <= FIRST_CHUNK


def test_none_among_the_lines_brings_what_has_come_so_far(copying: Translator):
    seen: list[str | None] = []

    def lines():
        for line in (None, "hello", None, None, "world"):
            seen.append(line)
            yield line

    results = copying.translate_lines(lines())
    assert next(results).text == "hello"
    assert seen == [None, "hello", None]
    assert [result.text for result in results] == ["world"]


def test_a_shouted_sentence_is_translated_in_small_letters_and_shouted_back(tokenizer: Tokenizer):
    translator = speaking(tokenizer, {"The cat ran away!": "Le chat est parti !"})
    assert translator.translate("THE CAT RAN AWAY!").text == "LE CHAT EST PARTI !"


@pytest.mark.parametrize("text", ["NASA", "I", "NASA 2024", "THE cat"])
def test_acronyms_and_mixed_case_stay_as_they_are(copying: Translator, text: str):
    assert copying.translate(text).text == text


def test_a_sentence_too_long_for_the_network_is_cut_rejoined_and_noted(tokenizer: Tokenizer):
    engine = Dictionary(tokenizer, {})
    text = ", ".join(["the cat sat on a mat and then it ran away home"] * 20)
    result = translating(engine, tokenizer, max_tokens=60).translate(text)
    assert result.text == text
    assert len(engine.asked) > 1
    assert all(len(tokenizer.encode(asked)) <= 60 for asked in engine.asked)
    assert all(asked.endswith(",") for asked in engine.asked[:-1])
    assert "pieces" in " ".join(result.warnings)


@pytest.mark.parametrize("text", ["a" * 10_000, "猫" * 3000, "ab " * 2999 + "ab", "x\u0301" * 500])
def test_nothing_is_lost_of_a_text_without_a_good_place_to_cut(tokenizer: Tokenizer, text: str):
    assert speaking(tokenizer, {}).translate(text).text == text


def test_cutting_ends_even_where_one_character_is_too_long(tokenizer: Tokenizer):
    assert speaking(tokenizer, {}, max_tokens=1).translate("猫猫").text == "猫猫"


def test_a_translation_that_goes_in_circles_is_searched_again(tokenizer: Tokenizer):
    result = translating(Stuttering(tokenizer, cured=True), tokenizer).translate("hello")
    assert (result.text, result.warnings) == ("le chat", [])


def test_one_that_still_goes_in_circles_is_flagged(tokenizer: Tokenizer):
    result = translating(Stuttering(tokenizer, cured=False), tokenizer).translate("hello")
    assert "repeat" in result.warnings[0]


@pytest.mark.parametrize("text", ["no no no no no no no no", "it costs 1000000 a mat", "ha" * 20])
def test_repetition_in_the_source_is_no_loop(tokenizer: Tokenizer, text: str):
    engine = Dictionary(tokenizer, {})
    translating(engine, tokenizer).translate(text)
    assert engine.configs == [DecodeConfig()]


@pytest.mark.parametrize(
    ("tokens", "times"),
    [([], 1), ([1], 1), ([1, 2, 3], 1), ([1, 1], 2), ([1, 2, 1, 2, 1], 2), ([7, 1, 2, 3, 1, 2, 3, 4], 2), ([5, 9, 9, 9, 9], 1), ([3] * 6, 6)],
)
def test_repeats_counts_how_often_the_same_stands_in_a_row(tokens: list[int], times: int):
    assert repeats(tokens, {9}) == times


def test_a_sentence_for_which_nothing_is_found_stays_and_is_flagged(tokenizer: Tokenizer):
    result = speaking(tokenizer, {"hello": ""}).translate("hello")
    assert (result.text, result.confidence, len(result.warnings)) == ("hello", 0.0, 1)


def test_alternatives_are_the_different_ones_of_the_n_best_in_the_layout_of_the_text(tokenizer: Tokenizer):
    class Torn(Dictionary):
        def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
            return [[self.hypothesis(text) for text in ("Salut.", "Bonjour.", "Salut.")] for _ in sources]

    translator = translating(Torn(tokenizer, {}), tokenizer, DecodeConfig(n_best=3))
    result = translator.translate("  Hello.\n")
    assert result.alternatives == ["  Salut.\n", "  Bonjour.\n"]
    assert result.alternative_confidences[0] == result.confidence
    assert translator.translate("Hello. Hello.").alternatives == []


def test_confidence_is_that_of_the_weakest_sentence(copying: Translator):
    strong, weak = copying.translate("hello").confidence, copying.translate("the cat sat on a mat").confidence
    assert 0 < weak < strong < 1
    assert copying.translate("hello. The cat sat on a mat").confidence == pytest.approx(weak, rel=0.1)
    assert copying.translate("42").confidence == 1.0


def test_digits_are_known_by_their_tokens(tokenizer: Tokenizer, copying: Translator):
    assert {tokenizer.decode([token]) for token in copying.network.digits} == set("0123456789")


class Forgetful(Dictionary):
    """An engine that forgets certain words, whatever stands around them."""

    def __init__(self, tokenizer: Tokenizer, *forgotten: str) -> None:
        super().__init__(tokenizer, {})
        self.forgotten = forgotten

    def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
        texts = [self.tokenizer.decode(source) for source in sources]
        self.asked += texts
        return [[self.hypothesis(" ".join(word for word in text.split() if not word.startswith(self.forgotten)) or "?")] for text in texts]


@pytest.mark.parametrize(
    ("text", "forgotten"),
    [
        ("the cat ran to https://a.example/x again", "XX"),
        ("Run `git push  --force` at your own risk!", "XX"),
        ("  {a} and {b}, {a}\t12 %d.", "XX"),
        ("there were 12 cats and 1,250 dogs", "1"),
        ("there were 12 cats and 1,250 dogs", "9"),
        ("was 947 there in 2024", ("9", "2", "1")),
        ("x² + y² = {n}", "XX"),
        ("cat (the 'mat' in {a}) ran \"home {b} again\"", "XX"),
    ],
)
def test_what_the_network_forgets_is_put_back_where_it_stood(tokenizer: Tokenizer, text: str, forgotten: str | tuple[str, ...]):
    words = (forgotten,) if isinstance(forgotten, str) else forgotten
    result = translating(Forgetful(tokenizer, *words), tokenizer).translate(text)
    assert missing(text, result.text) == []
    assert result.warnings == []
    assert len(result.text.split(" ")) == len(text.split(" "))


def test_a_translation_of_nothing_but_the_stand_ins_is_none(tokenizer: Tokenizer):
    known = {"the cat XX1 ran": "? XX1", "the cat": "le chat", "ran": "courut"}
    assert speaking(tokenizer, known).translate("the cat {x} ran").text == "le chat {x} courut"


def test_code_keeps_its_ticks_and_every_character_between_them(tokenizer: Tokenizer):
    code = "`rm  -rf “x” \u200b…`"
    assert code in speaking(tokenizer, {}).translate(f"the cat ran {code} away").text


def test_a_number_that_is_made_up_is_tried_again_and_else_said(tokenizer: Tokenizer):
    known = {"in 2024 the cat ran": "en 2024 5 le chat", "in 947 the cat ran": "en 947 le chat"}
    assert speaking(tokenizer, known).translate("in 2024 the cat ran").text == "en 2024 le chat"
    stubborn = {source: f"{said} 7" for source, said in known.items()}
    assert "not in the source: 7" in speaking(tokenizer, stubborn).translate("in 2024 the cat ran").warnings


@pytest.mark.parametrize(
    ("source", "french"),
    [
        ('"the cat ran"', '"le chat courut"'),
        ("“the cat ran”", "«\u00a0le chat courut\u00a0»"),
        ("'the cat ran'", "'le chat courut'"),
        ("[the cat ran]", "[le chat courut]"),
        ('"the cat ran', '"le chat courut'),                 # the sentence that closes it follows
        ('the cat ran"', 'le chat courut"'),
        ("The cat ran", "Le chat courut"),
        ('"The cat ran"', '"Le chat courut"'),
        ("5'10\"", "5'10\""),
        ('"the cat" ran', '"the cat" ran'),                  # marks inside are the network's matter
    ],
)
def test_marks_around_a_sentence_and_its_capital_are_not_left_to_the_network(tokenizer: Tokenizer, source: str, french: str):
    assert speaking(tokenizer, {"the cat ran": "le chat courut", "The cat ran": "le chat courut"}).translate(source).text == french


def glossed(tokenizer: Tokenizer, known: dict[str, str], **terms: str) -> Translator:
    return translating(Dictionary(tokenizer, known), tokenizer, glossary=Glossary(terms), style="fr")


def test_a_glossary_term_is_said_as_its_owner_wants(tokenizer: Tokenizer):
    result = glossed(tokenizer, {"the XX1 ran away": "le XX1 est parti"}, cat="minou").translate("the cat ran away")
    assert (result.text, result.warnings) == ("le minou est parti", [])
    assert glossed(tokenizer, {"XX1 ran away": "XX1 est parti"}, cat="minou").translate("Cat ran away").text == "Minou est parti"
    assert glossed(tokenizer, {}, cat="minou").translate("the cat 2024").text == "the minou 2024"


def test_a_term_that_the_network_loses_is_said_all_the_same(tokenizer: Tokenizer):
    known = {"the XX1 ran away": "il est parti", "the": "le", "ran away": "est parti"}
    result = glossed(tokenizer, known, cat="minou").translate("the cat ran away")
    assert (result.text, result.warnings) == ("le minou est parti", [])


def test_a_term_that_the_network_uses_by_itself_keeps_its_gender(tokenizer: Tokenizer):
    known = {"the cat ran": "la minette courut", "the XX1 ran": "le XX1 courut"}
    assert glossed(tokenizer, known, cat="minette").translate("the cat ran").text == "la minette courut"
    assert glossed(tokenizer, known, cat="minou").translate("the cat ran").text == "le minou courut"
    assert glossed(tokenizer, known, cat="Minette").translate("the cat ran").text == "le Minette courut"   # in its owner's capitals
    assert glossed(tokenizer, {"The XX1 ran away": "Le XX1 partit"}, cat="minou").translate("THE CAT RAN AWAY").text == "LE MINOU PARTIT"


KEPT = TranslationMemory(
    {"the cat ran": "le chat a filé", "Is {{name}} in 2024?": "{{name}}, 2024\u202f?", "Hello. Is it good?": "Bon\u202f?", "5 cats": "cinq chats",
     "50%": "50 pour cent"}
)   # fmt: skip


@pytest.mark.parametrize(
    ("source", "french"),
    [
        ("the cat ran", "le chat a filé"),
        ('  - "The cat ran"', '  - "Le chat a filé"'),
        ("“the cat\u00a0ran”", "«\u00a0le chat a filé\u00a0»"),
        ("THE CAT RAN", "LE CHAT A FILÉ"),
        ("👍 the cat ran <b>", "👍 le chat a filé <b>"),
        ("Is {{name}} in 2024?  5 cats", "{{name}}, 2024\u202f?  cinq chats"),
        ("  Hello.  Is it good?\n", "  Bon\u202f?\n"),            # one that was kept as a whole
        ("1. Hello. Is it good?\n- Hello. Is it good?", "1. Bon\u202f?\n- Bon\u202f?"),
        ("2\t50%", "2\t50 pour cent"),                           # no letters
        ("the cat ran away", None),                              # a part of a sentence is none
        ("Hello.\nIs it good?", None),
    ],
)
def test_a_sentence_that_a_memory_has_is_taken_from_there(tokenizer: Tokenizer, source: str, french: str | None):
    engine = Dictionary(tokenizer, {"the cat ran": "le chat courut"})
    memories = [KEPT, TranslationMemory({"The cat ran": "non", "the cat ran": "non"})]   # the first goes before the others, whatever the capitals
    result = translating(engine, tokenizer, memories=memories).translate(source)
    assert (result.text, result.warnings) == (french or source, [])
    assert bool(engine.asked) == (result.confidence < 1) == (french is None)


def test_a_memory_may_have_quotation_marks_and_nothing_else_may_be_empty(tokenizer: Tokenizer):
    memory = TranslationMemory({'"Is it?"': "« Ah bon ? »", "Is it?": "Oui ?", "[Hello]": "[BON]"})
    translator = translating(Dictionary(tokenizer, {}), tokenizer, memories=[memory])
    assert translator.translate('"Is it?"\n\n\u00a0\n[Hello]\n').text == "« Ah bon ? »\n\n\u00a0\n[BON]\n"


def test_of_several_alternatives_the_memory_has_the_first(tokenizer: Tokenizer):
    class Undecided(Dictionary):
        def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
            return [[self.hypothesis(text) for text in ("le chat", "le chat a filé", "chat")] for _ in sources]

    said = translating(Undecided(tokenizer, {}), tokenizer, DecodeConfig(n_best=3), memories=[KEPT]).translate("the cat ran")
    assert said.alternatives == ["le chat a filé", "le chat", "chat"]
    assert said.alternative_confidences[0] == 1
    assert said.warnings == []


def test_what_is_said_to_be_lost_is_lost_in_the_first_of_several(tokenizer: Tokenizer):
    memory = TranslationMemory({"the 3 cats": "les chats"})
    translator = translating(Dictionary(tokenizer, {}), tokenizer, DecodeConfig(n_best=2), memories=[memory])
    assert translator.translate("the 3 cats").warnings == ["lost in translation: 3"]


def test_the_glossary_goes_before_the_memory(tokenizer: Tokenizer):
    memory, glossary = TranslationMemory({"the cat": "le chat"}), Glossary({"cat": "minou"})
    engine = Dictionary(tokenizer, {"the XX1": "le XX1"})
    assert translating(engine, tokenizer, glossary=glossary, memories=[memory]).translate("the cat").text == "le minou"


def test_a_term_alone_and_one_inside_an_address_stay(tokenizer: Tokenizer):
    translator = glossed(tokenizer, {}, cat="minou", Acme="Acme")
    assert translator.translate("Acme").text == "Acme"
    assert translator.translate("https://cat.example/cat").text == "https://cat.example/cat"


def test_typography_dresses_the_translation_and_its_alternatives_but_no_code(tokenizer: Tokenizer):
    result = glossed(tokenizer, {'He said: "XX1"!': 'Il a dit: "l\'autre XX1"!'}).translate('He said: "`"x"!`"!')
    assert result.text == "Il a dit\u00a0: «\u00a0l’autre `\"x\"!`\u00a0»\u202f!"
    assert result.alternatives == [result.text]


def test_typography_keeps_lines_and_spaces_between_sentences(tokenizer: Tokenizer):
    text = "  Good!  Good!\n\n\tis it good?  "
    assert glossed(tokenizer, {}).translate(text).text == "  Good\u202f!  Good\u202f!\n\n\tis it good\u202f?  "


def test_quotation_marks_stay_as_they_were_typed(tokenizer: Tokenizer):
    engine = Dictionary(tokenizer, {'It is "good".': "C'est «\u00a0bon\u00a0»."})
    said = translating(engine, tokenizer).translate('It is "good". It is “good”. It is good.')
    assert said.text == "C'est \"bon\". C'est «\u00a0bon\u00a0». It is good."


def test_what_differs_in_quotation_marks_alone_keeps_the_better_place(tokenizer: Tokenizer):
    class Undecided(Dictionary):
        def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
            return [[self.hypothesis(text) for text in ("C'est « ça ».", "C'est «\u00a0bien\u00a0».", 'C\'est "ça".')] for _ in sources]

    said = translating(Undecided(tokenizer, {}), tokenizer, DecodeConfig(n_best=3)).translate('It is "it".')
    assert said.alternatives == ['C\'est "ça".', 'C\'est "bien".']


@pytest.mark.parametrize("code", ["`f(\"x\")`", '<a href="x">', '{"a": 1}'])
def test_quotation_marks_in_code_are_not_those_of_the_text(tokenizer: Tokenizer, code: str):
    engine = Dictionary(tokenizer, {'The "good" XX1 is.': 'Le "bon" XX1 est.'})
    said = translating(engine, tokenizer).translate(f"The “good” {code} is.")
    assert said.text == f"Le «\u00a0bon\u00a0» {code} est."


def test_french_typography_is_put_on_what_the_network_wrote(tokenizer: Tokenizer):
    engine = Dictionary(tokenizer, {'It is "good.': "C'est « bon."})
    said = translating(engine, tokenizer, style="fr").translate('It is "good.')
    assert said.text == "C’est «\u00a0bon."


def test_the_network_sees_the_words_that_were_meant(tokenizer: Tokenizer):
    engine = Dictionary(tokenizer, {"Where is the train?": "Où est le train ?"})
    words = Spelling("the\t20000000\nis\t20000\nwhere\t90000\ntrain\t9000\n")
    result = translating(engine, tokenizer, spelling=words).translate("Wehre is teh train? WHERE IS TEH TRIAN?")
    assert engine.asked == ["Where is the train?", "Where is the train?"]
    assert result.mended == {"Wehre": "Where", "teh": "the", "trian": "train"}
    assert result.text == "Où est le train ? OÙ EST LE TRAIN ?"


@pytest.mark.parametrize(
    ("text", "seen", "mended"),
    [
        ("Run `git teh` in teh train.", "Run XX1 in the train.", {"teh": "the"}),           # code is hidden from the network
        ("We saw <b>teh</b> train.", "We saw XX1 the XX2 train.", {"teh": "the"}),          # markup parts words
        ("Is teh trian teh train? " + "Where is teh train? " * 2, "Is the train the train?", {"teh": "the", "trian": "train"}),
    ],
)
def test_what_is_said_to_be_mended_is_what_the_network_has_seen_mended(tokenizer: Tokenizer, text: str, seen: str, mended: dict[str, str]):
    engine = Dictionary(tokenizer, {})
    words = Spelling("the\t20000000\nis\t20000\nwhere\t90000\ntrain\t9000\n")
    result = translating(engine, tokenizer, spelling=words).translate(text)
    assert engine.asked[0] == seen
    assert result.mended == mended
