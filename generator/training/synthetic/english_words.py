"""English words by the part they play in a sentence, as far as question forms need to know; closed classes and lists.

What a list cannot hold (which verb a form in -ed belongs to, which words are names) is read off the texts themselves.
"""

import re
from collections import Counter
from collections.abc import Sequence

from generator.training.synthetic.word_lists import pairs_of, words_of

WORD = re.compile(r"[A-Za-z]+")
BE = frozenset({"is", "are", "was", "were"})
MODALS = frozenset({"can", "could", "will", "would", "may", "might", "must", "should"})
HAVE = {"has": "does", "have": "do", "had": "did"}
IRREGULAR = pairs_of(
    "became/become began/begin bought/buy broke/break brought/bring built/build came/come chose/choose "
    "did/do drew/draw drove/drive fell/fall felt/feel found/find fought/fight flew/fly gave/give got/get "
    "grew/grow held/hold kept/keep knew/know laid/lay led/lead left/leave lost/lose made/make meant/mean "
    "met/meet paid/pay ran/run rose/rise said/say saw/see sold/sell sent/send set/set shot/shoot sang/sing "
    "sat/sit slept/sleep spent/spend spoke/speak stole/steal stood/stand struck/strike swam/swim took/take "
    "taught/teach told/tell thought/think threw/throw went/go won/win wore/wear wrote/write caught/catch "
    "died/die lied/lie tied/tie hit/hit put/put hid/hide "
    "heard/hear rode/ride sank/sink shone/shine woke/wake ate/eat drank/drink"
)
PARTICIPLES = pairs_of(
    "written/wrote sung/sang drawn/drew taken/took given/gave chosen/chose begun/began driven/drove won/won "
    "built/built made/made led/led held/held found/found bought/bought sold/sold brought/brought beaten/beat "
    "stolen/stole eaten/ate shot/shot taught/taught worn/wore spoken/spoke thrown/threw set/set told/told"
)
PRESENT = {
    form: form[: -len(ending)] + base
    for ending, base, forms in (
        (
            "s",
            "",
            "supports uses contains includes provides becomes makes takes gives refers consists allows requires "
            "affects causes occurs lies lives plays runs begins depends stores means follows needs creates "
            "produces connects covers represents stands leads holds keeps describes controls helps starts "
            "shows reads writes receives returns works tells features serves offers operates owns "
            "appears comes connects sets determines prevents ranges forms marks moves protects specifies "
            "sends deletes adds enables encodes handles loads manages measures performs removes replaces",
        ),
        ("ies", "y", "carries applies varies"),
        ("es", "", "reaches passes goes does teaches touches crosses"),
    )
    for form in words_of(forms)
}
PREPOSITIONS = words_of(
    "in on at by for from to with of during since until through between near under over after before into "
    "about against within without across around as along among via behind per than towards toward upon"
)
PRONOUNS = words_of(
    "he she it they we i you this these that those there here his her its their our my your one some many most "
    "such who which what when where why how if while although because as so but and or yet nor both each "
    "another other others all several any every no not"
)
CLAUSE_WORDS = words_of(
    "who whom whose which that where when while because although though but if whether since so unless"
)
ADVERBS = words_of(
    "also often once then now not still never always soon later therefore thus next instead again down up out away "
    "sometimes usually first today perhaps even just only together"
)
DETERMINERS = frozenset({"the", "a", "an"})
NUMBER_WORDS = words_of(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen twenty thirty "
    "forty fifty sixty seventy eighty ninety hundred thousand"
)
LARGE = frozenset({"hundred", "thousand", "million", "billion", "trillion", "dozen"})
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
NOT_PLACES = words_of(
    "English French German Latin Greek Spanish Chinese Japanese Congress Parliament Season Series Part Chapter "
    "Section World Spring Summer Autumn Winter Christmas Easter Monday Tuesday Wednesday Thursday Friday "
    "Saturday Sunday Act Article Book Episode Division Level Grade Phase Stage Round Group Class Type "
    "Olympics Games Cup League Championship Championships War Revolution"
) | frozenset(MONTHS.split("|"))
THINGS = words_of(
    "university college school company river island city county church museum team league party act treaty war "
    "battle bridge tower lake mountain park hospital airport station court bank committee agency department "
    "empire kingdom dynasty award cup festival magazine newspaper band album song film series episode game "
    "book novel bill amendment constitution program network system virus disease syndrome library"
)
PERSONS = words_of(
    "actor actress singer writer author player politician king queen president minister professor scientist "
    "director composer artist general poet lawyer prince princess emperor businessman engineer physicist "
    "footballer journalist songwriter musician producer philosopher historian woman man boy girl son daughter "
    "wife husband mother father brother sister doctor host star skater judge recipient fellow maiden thief "
    "soldier officer captain officials critics scientists people children fans members patients parents"
)
PERSON_VERBS = words_of(
    "written directed sung played portrayed invented voiced composed founded discovered recorded performed "
    "created designed produced developed led built painted published published won established introduced"
)


class Words:
    """How often words stand in lower case, and with a capital inside of sentences, in some texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count.

        Args:
            texts: The more, the better.
        """
        self.lower: Counter[str] = Counter()
        self.capital: Counter[str] = Counter()
        for text in texts:
            for match in WORD.finditer(text):
                word = match.group()
                if word.islower():
                    self.lower[word] += 1
                elif text[: match.start()].rstrip()[-1:].isalnum():
                    self.capital[word.lower()] += 1

    def is_name(self, word: str) -> bool:
        """Whether a word with a capital keeps it inside of a sentence."""
        low = word.lower()
        return word[:1].isupper() and (self.lower[low] == 0 or self.capital[low] > self.lower[low])

    def base(self, past: str) -> str | None:
        """The verb that a form in -ed belongs to: the stem that the texts use; None where they use none."""
        if past in IRREGULAR:
            return IRREGULAR[past]
        if not past.endswith("ed") or len(past) < len("used"):
            return None
        stems = [past[:-2], past[:-1]]
        if past.endswith("ied"):
            stems = [past[:-3] + "y"]
        elif len(past) > len("added") and past[-3] == past[-4]:
            stems.append(past[:-3])
        best = max(stems, key=lambda stem: self.lower[stem])
        return best if self.lower[best] else None
