"""Where texts are cut: expectations are Unicode's own (UAX #29), or what a reader of the script takes for one thing."""

import itertools

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from symbolscope.games.text_segmentation import grapheme_clusters, grow_together, visible, word_ranges

SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
LETTERS = "ab1. '-_’\u200d\u200b\u00ad\u0301\u0e40\u0e01\u0e32\u17d2\u1780不かカー한👩🏽🇩🇪@:/"


def words(text):
    return [text[start:end] for start, end in word_ranges(text)]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("We can't re-read 1990's e-mails", ["We", "can't", "re-read", "1990's", "e-mails"]),
        ("rock'n'roll, don’t 'quote' me", ["rock'n'roll", ",", "don’t", "'", "quote", "'", "me"]),
        ("3.14 or 1,000.50 or 5:30", ["3.14", "or", "1,000.50", "or", "5", ":", "30"]),
        ("2020-11-29 -5 a--b", ["2020-11-29", "-", "5", "a", "-", "-", "b"]),
        ("U.S.A. e.g. C++", ["U.S.A", ".", "e.g", ".", "C", "+", "+"]),
        ("snake_case 50% #tag", ["snake_case", "50", "%", "#", "tag"]),
        ("see https://a.org/x-y?z=1#b, or me@mail.a.org.", ["see", "https://a.org/x-y?z=1#b", ",", "or", "me@mail.a.org", "."]),
        ("(www.a.org/b) and a @ b", ["(", "www.a.org/b", ")", "and", "a", "@", "b"]),
        ("👨\u200d👩\u200d👧\u200d👦👍🏿❤\ufe0f\u200d🔥", ["👨\u200d👩\u200d👧\u200d👦", "👍🏿", "❤\ufe0f\u200d🔥"]),
        ("🇩🇪🇫🇷🇯🇵 1\ufe0f\u20e3", ["🇩🇪", "🇫🇷", "🇯🇵", "1\ufe0f\u20e3"]),
        (f"{SCOTLAND}!", [SCOTLAND, "!"]),
        ("e\u0301te\u0301 a\u030a\u0323", ["e\u0301te\u0301", "a\u030a\u0323"]),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8 한국어", ["\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국어"]),
        ("שָׁלוֹם, צה\"ל", ["שָׁלוֹם", ",", "צה\"ל"]),
        ("السَّلَامُ عَلَيْكُمْ؟", ["السَّلَامُ", "عَلَيْكُمْ", "؟"]),
        ("क्षत्रिय हिन्दी।", ["क्षत्रिय", "हिन्दी", "।"]),
        ("a\u00a0b\u2009c\u3000d", ["a", "b", "c", "d"]),
        ("Donau\u00addampf schiff\u2011fahrt", ["Donau\u00addampf", "schiff\u2011fahrt"]),
        ("不坏的ひらカナー", ["不", "坏", "的", "ひ", "ら", "カ", "ナ", "ー"]),
        ("か\u3099よ", ["か\u3099", "よ"]),
        ("เก่ง ไป", ["เก่", "ง", "ไป"]),
        ("ນ້ຳໃຈ", ["ນ້ຳ", "ໃຈ"]),
        ("ក្ក្រ", ["ក្ក្រ"]),
        ("မြန်မာ", ["မြ", "န်", "မာ"]),
        ("ดีgood5", ["ดี", "good5"]),
        ("ab\u200bcd \u200bx", ["ab\u200b", "cd", "\u200bx"]),
        ("\u200fאב\u200e ג", ["\u200fאב\u200e", "ג"]),
        ("\ufeffone", ["\ufeffone"]),
        ("\u2028 \r\n\t", []),
        ("", []),
    ],
)  # fmt: skip
def test_words(text, cut):
    assert words(text) == cut


@seed(1)
@given(text=st.one_of(st.text(max_size=40), st.text(alphabet=LETTERS, max_size=30)))
def test_words_are_whole_clusters_and_lose_nothing_but_spaces(text):
    ranges = word_ranges(text)
    assert "".join(words(text)) == "".join(text.split())
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(ranges))
    borders = {0, *(end for _, end in grapheme_clusters(text))}
    spaced = {at for at, character in enumerate(text) if character.isspace()}
    for start, end in ranges:
        assert start < end
        assert start in borders or start - 1 in spaced  # a mark may stand on a space
        assert end in borders
    assert "".join(text[start:end] for start, end in grapheme_clusters(text)) == text


@given(text=st.text(alphabet=LETTERS, max_size=12), other=st.text(alphabet=LETTERS, max_size=12))
def test_spaces_are_always_borders(text, other):
    assert words(text + " " + other) == words(text) + words(" " + other)


@pytest.mark.parametrize(
    ("before", "after", "together"),
    [("end", "Start", True), ("3", "14", True), ("a", "不", False), ("不", "a", False), ("a", "!", False), ("👍", "👍", False),
     ("U.S", "A", True), ("ก", "ข", False)],
)  # fmt: skip
def test_what_grows_together(before, after, together):
    assert grow_together(before, after) == together


@pytest.mark.parametrize(
    ("text", "seen"), [("\u200b\u200d \ufeff\n", False), ("\u00ad", False), (".", True), ("\u0301", True)]
)
def test_what_can_be_seen(text, seen):
    assert visible(text) == seen
