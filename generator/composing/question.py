"""The shape of answer that a question asks for, by rules over Chinese and English questions.

The rules look at how a question is put, not at what it is about. Evidence decides the rest: a question for steps about
a text without steps is answered with sentences.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from generator.types import Shape

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a question is put.

    Attributes:
        question: As it was asked.
        shape: What would satisfy it, if the passages have it.
        manner: Whether it asks how something is done or comes about.
        amount: Whether it asks for a number, a date or a length of time.
        subject: What a definition is asked of; empty otherwise.
        sides: The two things a comparison is about; empty where they are not named.
        negated: Whether a question for yes or no is put in the negative, so that a bare "yes" would say nothing.
        several: Whether a list or steps may be meant though a phrase is likelier: an item comes with its whole list.
    """

    question: str
    shape: Shape
    manner: bool = False
    amount: bool = False
    subject: str = ""
    sides: tuple[str, ...] = ()
    negated: bool = False
    several: bool = False

    @property
    def chinese(self) -> bool:
        """Whether it is asked in Chinese."""
        return _HAN.search(self.question) is not None


LEARNED_FROM = 0.5
"""Least probability of a shape that is learned from questions, where the rules see none; by the folds of 0096."""
SEVERAL_FROM = 0.1
"""Least probability of a list or steps, together, from which on an item that was found comes with its list."""

_COMPARE_EN = re.compile(
    r"\b(?:differen(?:ce|ces|t)|differs?|compar(?:e|ed|ison)|versus|vs\.?|better than|as opposed to|distinguish)\b"
)
_SIDES_EN = (
    re.compile(r"\bbetween (?:the |an? )?(.+?) and (?:the |an? )?(.+?)[?.]*$"),
    re.compile(r"\bcompare (?:the |an? )?(.+?) (?:and|with|to) (?:the |an? )?(.+?)[?.]*$"),
    re.compile(
        r"^(?:how|in what way) (?:is|are|do|does) (?:the |an? )?(.+?) (?:different|differ) from "
        r"(?:the |an? )?(.+?)[?.]*$"
    ),
    re.compile(
        r"^(?:what is |what's |is )?(?:the |an? )?(.+?) (?:vs\.?|versus|compared (?:to|with)) (?:the |an? )?(.+?)"
        r"(?:[:,;]| - |[?.]*$)"
    ),
    re.compile(
        r"^(?!which\b)[^?]* (?:in|on|for|with) ([\w.\-/+]{1,40}) and (?:in|on|for|with) ([\w.\-/+]{1,40})"
        r"(?:[,?]| - )"
    ),
)
_SIDES_OR_EN = re.compile(
    r"^(?:which is better,? |should i use )?(?:the |an? )?([\w.\-/+ ]+?),? or "
    r"(?:the |an? )?([\w.\-/+ ]+?)(?:,|\?|:| - | how | which | what | (?:for|in|on|under|with) )"
)
_SIDES_EACH_EN = re.compile(
    r"^(?:the |an? )?([\w.\-/+ ]{1,40}?) (?:and|or|vs\.?|versus) (?:the |an? )?([\w.\-/+ ]{1,40}?)"
    r"(?: (?:under|in|on|for|of|with|as) [^:,?]{1,40}?)?(?:[:,?]| -) .*\b(?:each|these two|the two|both|differently)\b"
)
"""Two things are named, and then something is asked of each: "lz4 and zstd: what is each better at?"."""
_COMPARE_ZH = re.compile(r"区别|[么啥]分别|不同|不一样|差异|差别|异同|相比|比较|差在哪")
_SIDES_ZH = re.compile(
    r"^(?:请问|请说明|说明|比较)?(.{1,60}?)(?:和|与|跟|同|相比|、)(.{1,60}?)(?:之间|相比)?(?:的|有|是|在|，|到底|究竟)*"
    r"(?:什么|何|哪些|啥)?(?:的)?(?:主要)?(?:区别|不同|不一样|差异|差别|异同|差在哪).*$"
)
_TOPIC_EN = re.compile(
    r"^(?!(?:and |so )?(?:(?:in|on|for|to|with|by|at|from) )?(?:what|which|how|who|why|where)\b"
    r"|(?:when )?(?:is|are|was|were|do|does|did|can|could|will|would|should|must|has|have)\b)[^?]{2,120}?"
    r"(?:[,:;]| -) (?=(?:and |so |then )?(?:(?:in|on|for|to|with|by|at|from) )?(?:what|which|how)\b)"
)
"""Words before the question in its sentence: "Besides mounting, in what ways …", "WebDAV: which …"."""
_AND_ZH = re.compile(r"和|跟|与|以及| ?有时候?")
_WITH_OR_WITHOUT_ZH = re.compile(
    r"(?:^|[，, ])(?P<bare>[^，,\u4e00-\u9fff]{2,40}?) ?(?:后面?|时|的时候)?[加带]不[加带] ?"
    r"(?P<more>[^，,\u4e00-\u9fff]{2,40})"
)
"""SHOW GRANTS 后面加不加 FOR CURRENT_USER()."""
_STEPS_EN = re.compile(
    r"\bhow (?:do|can|could|should|would|might) (?:i|we|you|one|somebody|someone|users?|people)\b|\bhow to\b|\bsteps?\b"
    r"|\bprocedure\b|\bcommands\b|\bwhat (?:do|should|must) (?:i|we|you) do\b|\b(?:the )?commands? (?:to|for)\b"
    r"|\bwhat(?:'s|s| is| are) the (?:\w+ )?commands?\b"
    r"|\binstructions?\b|^(?:please )?(?:walk me through|show me how)\b"
    r"|\bwhat (?:do|must|should) (?:i|we|you) (?:have to |need to )?(?:run|type|set up)\b"
)
_MANNER_EN = re.compile(
    r"^(?:and |so )?how\b(?! (?:many|much|long|often|far|old|large|big|fast|high|late|soon)\b)|\bwhy\b"
)
_STEPS_ZH = re.compile(
    r"步骤|流程|程序是|(?<!会被)(?:如何|怎么|怎样)"
    r"(?!样|一?回事|计?算|理解|认定|定义|规定|处理|处罚|承担|分配|确定)[\u4e00-\u9fffA-Za-z ]"
)
_STEPS_NAMED_ZH = re.compile(r"(?:步骤|流程|程序)(?:是|有)?(?:什么(?!意思)|怎样|怎么样|如何)")
_MANNER_ZH = re.compile(r"怎么|怎样|如何|为什么|为何|咋")
_LISTED_EN = re.compile(
    r"^(?:please )?(?:list|enumerate|name) (?:the|all|some|every|me)\b|^(?:please )?(?:list|enumerate)\b"
    r"|\bin (?:which|what) cases\b|\bwhat (?:should|can|could|must) (?:i|we|you|one) "
    r"(?:try|check|do|change|look at|look for|consider|avoid|prepare|bring|set up|know)\b"
    r"|\bwhat (?:do|should|must) (?:i|we|you) need to (?:have|know|prepare|bring|consider)\b"
    r"|^what (?:else )?(?:should|must|does|do|has to) [^?]{1,80} (?:include|contain|consist of|cover)\b"
)
"""A question that asks for a list explicitly."""
_EACH_EN = re.compile(
    r"^is there anything (?:else )?(?:i|we|one) (?:should|must|need to|have to) (?:know|consider|prepare|check|watch)\b"
    r"|\bwhat (?:is|does) each\b"
)
_PLURAL_EN = re.compile(
    r"^(?:and )?(?:(?:in|on|for|to|with|by|from) )?(?:what|which) (.{1,60}?) "
    r"(?:are|were|do|does|did|can|could|should|must|have|has|may|might|will|would|is|was|need|support|exist)\b"
    r"(?!.*\b(?:default|version|date|name) of\b)"
)
_SEVERAL_EN = re.compile(
    r"^(?:what|which) (?:are|were) the (?:\w+ )?\w*[^s\W] and (?:the )?(?:\w+ )?\w*[^s\W] (?:of|for|in|on)\b"
)
"""Properties of one thing, each of which is one: "the capital and the area of Denmark"."""
_CLAUSES = re.compile(r"(?<=[。！；])\s*|(?<=[.!;])\s+|(?<=[?？])\s*(?=\S)")
_EMBEDDED_ZH = re.compile(
    r"(?:看看|看一下|知道|了解|清楚|确认)[^，。？]{0,8}(?:什么|哪些?)[^，。？]*[，,](?=.{4})"
)
"""An embedded question in a wish, before the actual question: 想看看会动哪些文件，…."""
_LIST_ZH = re.compile(
    r"哪些|哪几|有哪|几种|几类|哪[几]?[种类项条个]情[形况]|什么(?:条件|情形|情况|材料|要求|权利|义务|责任|内容|方式|措施|形式|职责|类型|原因)"
    r"|分别(?:是|[^，]{0,12}(?:什么|谁|哪|多少|几|怎|如何|啥))|列[出举]|包括什么|条件是什么|(?:都|各)有什么|何种情形"
)
_AUXILIARY_EN = (
    r"(?:is|are|was|were|am|do|does|did|can|could|will|would|should|shall|may|might|must|has|"
    r"have|had|isn't|aren't|doesn't|don't|didn't|can't|won't)\b(?! (?:i find|i see)\b)"
)
_YES_NO_EN = re.compile(rf"(?:and |so |but |then )?{_AUXILIARY_EN}")
_LATER_CLAUSE_EN = re.compile(
    rf"(?:[,:;–—]|\s-)\s+(?=(?:and |so |but |then )?{_AUXILIARY_EN})"
    rf"|(?<=\w) (?={_AUXILIARY_EN} (?:i|we|you|he|she|it|they|my|our|this|that)\b)"
)
_CONDITION_EN = re.compile(
    rf"(?:if|when|while|once|after|before|until|with|without|since)\b(?! \w+$)(?! {_AUXILIARY_EN})"
)
"""Words that open a clause which says only when something is asked, not in which way."""
_ASKED_FOR_EN = re.compile(r"\b(?:what|which|who|whom|whose|where|why|how)\b")
_YES_NO_ZH = re.compile(
    r"吗[^\u4e00-\u9fff]|吗$|是否|能不能|可不可以|会不会|是不是|有没有|要不要|用不用|该不该|应不应|算不算|行不行|能否|可否|需不需要|"
    r"支不支持|属不属于|([\u4e00-\u9fff])不\1"
)
_YES_NO_END_ZH = re.compile(r"(?:[不没吧]|(?<![什怎多那要这])么)[？?]?$")
"""A question that ends in one of these asks for yes or no where it asks for nothing else."""
_ASKED_FOR_ZH = re.compile(r"什么|怎么|怎样|如何|哪|多少|多[久长大高远]|几|谁|何|啥|咋")
_OR_EN = re.compile(r"\bor\b")
_NEGATED = re.compile(r"n't\b|\bnot\b|\bnever\b|不[能会可用必得要是](?!不)|没有.*吗")
_DEFINE_EN = re.compile(
    r"^(?:what(?:'?s| is| are| was| does| counts as| do(?:es)? [^?]{1,40} mean by)|define|explain what"
    r"|who is|who was) (?:meant by |the meaning of )?"
    r"(?:an? |the )?[\"“]?(?P<subject>[\w\-./#+ '’]{1,50}?)[\"”]?(?: mean| stand for| refer to| do)?[?.]*$"
)
_THINGS_EN = re.compile(
    r"^what are (?!the |some |all |my |our |your |its |their )[\w\-/]+(?: [\w\-/]+)?[?.]*$"
)
_PROPERTY_EN = re.compile(
    r"\b(?:of|for|to|in|on|by|with|when|if|default|maximum|minimum|total|difference|name|number|date|price|cost|address|size|time|limit|port|version|command|purpose)\b"
)
_DEFINE_ZH = re.compile(
    r"^(?:请问)?(?:什么(?:是|叫做?|叫)|何[为谓])(?P<a>.{1,24}?)[？?。]*$|^(?:请问)?(?P<b>.{1,24}?)(?:到底|究竟)?"
    r"(?:是什么(?:意思|东西)?|是?指的?(?:是)?什么|是啥|的(?:定义|含义)是什么|是怎么(?:一)?回事)[？?。]*$"
)
_NAMED_WHERE_ZH = re.compile(
    r"^[^，。？]{1,20}?[里上中][^，。？]{0,2}(?:说|讲|写|提|叫|称)到?的\s*(?=\S)|^[^，。？]{1,20}?(?:里|文档中)的\s*(?=\S)"
)
"""Where a thing is called so: "产品质量法上说的“缺陷”"."""

_PROPERTY_ZH = re.compile(
    r".的.|期限|时间|金额|条件|比例|标准|数量|默认|最[大小长短高低]|上限|下限|价格|日期|地址|名称|命令|作用|原因|区别|范围|对象"
)
_AMOUNT_EN = re.compile(
    r"\bhow (?:many|much|long|often|far|old|large|big|fast|high|late|soon)\b"
    r"|\bwhat (?:year|date|time|day|percentage|amount|number|price|size)\b|\bwhen\b"
    r"|\b(?:total|cost|price|limit|maximum|minimum|amount|default|size|port)\b"
)
_AMOUNT_ZH = re.compile(
    r"多少|几[年天个日月小时元岁倍次人万%]|多久|多长|多大|多高|多远|何时|什么时候|期限|金额|比例|最[大小长短高低多少]|上限|下限|哪[年天一]|默认[^，。？]{0,8}(?:是|为|值|多少|什么|几|哪)"
)


def asked_of(question: str) -> Asked:
    """The shape, subject and sides of a question.

    Args:
        question: As it is understood, in Chinese or English.
    """
    asking = _asking_clause(question.strip())
    asked = _chinese(asking) if _HAN.search(question) else _english(" ".join(asking.split()))
    return replace(asked, question=question)


def decided(asked: Asked, learned: Mapping[Shape, float]) -> Asked:
    """Decide the shape by a learned head where the rules see none.

    Args:
        asked: By the rules.
        learned: Probability of each shape; empty where there is no head.
    """
    shape = max(learned, key=lambda one: learned[one], default=Shape.PHRASE)
    if asked.shape != Shape.PHRASE or not learned:
        return asked
    if learned[shape] < LEARNED_FROM or shape == Shape.PHRASE:
        several = learned.get(Shape.LIST, 0.0) + learned.get(Shape.STEPS, 0.0)
        return replace(asked, several=several >= SEVERAL_FROM and not asked.amount)
    return replace(asked, shape=shape, manner=asked.manner or shape == Shape.STEPS)


def _asking_clause(question: str) -> str:
    """The first sentence that ends in a question mark; people state the subject first."""
    clauses = [clause.strip() for clause in _CLAUSES.split(question) if clause.strip()]
    return next((clause for clause in clauses if clause.endswith(("?", "？"))), question)


def _sides_of_each(question: str) -> tuple[str, ...]:
    """The two things of which something is asked in turn: 国家级和省级规划分别谁批; empty where there are no two."""
    before, _, behind = question.partition("分别")
    joints = list(_AND_ZH.finditer(before))
    if (
        not re.search(r"是[？?]?$|" + _ASKED_FOR_ZH.pattern, re.split("[，,]", behind)[0])
        or not joints
        or before.count("、") > 1
    ):
        return ()
    left = re.split(r"[，,。？]|的|在|有时候?", before[: joints[-1].start()])[-1].strip(' “”"')
    right = re.split(r"[，,。？]|的", before[joints[-1].end() :])[0].strip(' “”"')
    if len(right) > len(left) > 1 and _HAN.search(left[-1]):  # 省级风景名胜区 beside 国家级
        end = right.find(left[-1], 1) + 1
        right = right[: end or len(left)]
    return (left, right) if left and right else ()


def asking_part(question: str) -> str:
    """The part of a question, between its marks, that asks for a list, or else the last one.

    What was said before it may be put in the negative without the question being so.
    """
    parts = [
        part for part in re.split(r"[，,；;。.！!：:]\s*", question.strip().rstrip("?？。.")) if part.strip()
    ]
    lists = [
        part for part in parts if _LIST_ZH.search(part) or re.search(r"\b(?:what|which)\b", part.lower())
    ]
    return (lists or parts or [question])[-1]


def _english(question: str) -> Asked:
    low = question.lower().strip()
    amount = _AMOUNT_EN.search(low) is not None
    if _COMPARE_EN.search(low) and not low.startswith(("how many", "how much")):
        rules = (*_SIDES_EN, _SIDES_OR_EN)
        sides = next((match.groups() for rule in rules if (match := rule.search(low))), ())
        return Asked(question=question, shape=Shape.COMPARISON, sides=tuple(sides))
    each = _SIDES_EACH_EN.match(low)
    if each:
        return Asked(question=question, shape=Shape.COMPARISON, sides=each.groups())
    whole, low = low, _TOPIC_EN.sub("", low)
    if _EACH_EN.search(low):
        return Asked(question=question, shape=Shape.LIST)
    if _asks_yes_no(whole):
        return Asked(question=question, shape=Shape.YES_NO, negated=_NEGATED.search(low) is not None)
    if _STEPS_EN.search(low):
        return Asked(question=question, shape=Shape.STEPS, manner=True)
    if _LISTED_EN.search(low):
        return Asked(question=question, shape=Shape.LIST)
    defined = _DEFINE_EN.match(low)
    # "who is liable" asks for no person's life
    nobody = low.startswith("who") and question[3:] == question[3:].lower()
    things = (
        _THINGS_EN.match(low) is not None
    )  # "what are inodes", where "what are the limits" asks for a list
    if (
        defined
        and not nobody
        and not _PROPERTY_EN.search(defined["subject"])
        and (things or not _plural(low))
    ):
        return Asked(question=question, shape=Shape.DEFINITION, subject=defined["subject"].strip())
    if _plural(low):
        return Asked(question=question, shape=Shape.LIST)
    manner = _MANNER_EN.search(low) is not None
    return Asked(question=question, shape=Shape.PHRASE, manner=manner, amount=amount)


def _asks_yes_no(low: str) -> bool:
    """Whether a question begins with an auxiliary, or its second clause does: "if it is full, can I still write?"."""
    if _OR_EN.search(low):
        return False
    if _YES_NO_EN.match(low):
        return True
    later = _LATER_CLAUSE_EN.search(low)
    if later is None:
        return False
    before, parted = low[: later.start()], bool(later[0].strip())
    condition = _CONDITION_EN.match(low) is not None
    asks = _ASKED_FOR_EN.search(before) or (before.startswith("when") and not condition)
    return not asks and (parted or condition)


def _plural(low: str) -> bool:
    """Whether the things asked for are named in the plural: "which engines", "what are the steps"."""
    if _SEVERAL_EN.match(low):
        return False
    if re.match(r"^(?:what|which) (?:are|were) ", low):
        return True
    match = _PLURAL_EN.match(low)
    if match is None:
        return False
    named = re.split(r" (?:of|in|on|for|from|with|by|that|to) ", match[1])[0].split()
    return bool(named) and re.search(r"(?<![su'i])s$", named[-1]) is not None


def _chinese(question: str) -> Asked:
    question = _EMBEDDED_ZH.sub("", question)
    amount = _AMOUNT_ZH.search(question) is not None
    if _COMPARE_ZH.search(question) and not _LIST_ZH.search(
        question.replace("哪些不同", "").replace("哪些区别", "")
    ):
        match = _SIDES_ZH.match(question)
        sides = tuple(side.strip() for side in match.groups()) if match else ()
        adding = _WITH_OR_WITHOUT_ZH.search(question)
        if adding:
            sides = (adding["bare"].strip(), f"{adding['bare'].strip()} {adding['more'].strip()}")
        return Asked(question=question, shape=Shape.COMPARISON, sides=sides)
    each = _sides_of_each(question)
    if each:
        return Asked(question=question, shape=Shape.COMPARISON, sides=each)
    ends = _YES_NO_END_ZH.search(question) and not _ASKED_FOR_ZH.search(question)
    if ends or (_YES_NO_ZH.search(question) and not re.search(r"是否.*(?:哪些|多少|多久)", question)):
        return Asked(
            question=question,
            shape=Shape.YES_NO,
            negated=_NEGATED.search(without_choice(question)) is not None,
        )
    if _LIST_ZH.search(question):
        return Asked(question=question, shape=Shape.LIST)
    if _STEPS_NAMED_ZH.search(question):
        return Asked(question=question, shape=Shape.STEPS, manner=True)
    defined = _DEFINE_ZH.match(_NAMED_WHERE_ZH.sub("", question))
    if defined:
        subject = (defined["a"] or defined["b"] or "").strip("“”\"'「」 ，")
        if not _PROPERTY_ZH.search(subject) or (defined["a"] and "的" not in subject):
            return Asked(question=question, shape=Shape.DEFINITION, subject=subject)
    manner = _MANNER_ZH.search(question) is not None
    if manner and not amount and _STEPS_ZH.search(question):
        return Asked(question=question, shape=Shape.STEPS, manner=True)
    return Asked(question=question, shape=Shape.PHRASE, manner=manner, amount=amount)


def without_choice(question: str) -> str:
    """A question without its "can or cannot": the rest may be negated, the choice itself is not."""
    return re.sub(r"([\u4e00-\u9fff])不\1|[可]不可以|是不是|有没有|不可以吗?(?=$)", "", question)
