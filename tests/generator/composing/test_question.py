"""What a question asks for."""

import time

import pytest

from generator.composing.question import asked_of, decided
from generator.types import Shape

SHAPES = {
    Shape.PHRASE: [
        "Which port does the server listen on?",
        "When was the treaty signed?",
        "How many people work there?",
        "How long is the notice period?",
        "Who wrote the report?",
        "What is the default port?",
        "Why does the job fail?",
        "What are the capital and the area of Denmark?",
        "Which one of the files is locked according to the list of files?",
        "file list: what tool wrote the third one?",
        "只想看看会动哪些文件，不真的拷贝，sync 要带什么选项？",
        "我把后端和前端分别挂在两个域名下，登录态丢了，该填哪个变量？",
        "试用期最长多久？",
        "合同于哪一年签订？",
        "谁负责审批？",
        "注册商标的有效期是多长时间？",
        "为什么任务会失败？",
    ],
    Shape.STEPS: [
        "How do I install the client from the archive on Ubuntu 22.04, x86?",
        "How do I install the package?",
        "How to restore a backup?",
        "What are the steps to reset a password?",
        "The key is lost. How can I change it?",
        "turn on the log for a running server, what's the command",
        "Walk me through building the client from source.",
        "The mount is gone. What do I have to run?",
        "如何安装这个软件？",
        "怎么重置密码？",
        "申请年假的流程是什么？",
        "退货流程是怎样的？",
    ],
    Shape.LIST: [
        "Which databases are supported?",
        "What are the requirements?",
        "List the fields of the form.",
        "In which cases can a contract be ended?",
        "What types of index exist?",
        "The client became unstable. What should I try?",
        "In which fields has it been tried?",
        "Besides mounting, in what other ways can programs reach the data?",
        "on which clouds can it be used, and by what means on each?",
        "Which components and services of ours do I have to restart?",
        "the notebook service: what do i need to have before i start?",
        "What should the description of the scenario include?",
        "It asks for a name. Is there anything I should know about that account?",
        "How do I read one line of the log, what is each part?",
        "有哪些支付方式？",
        "有下列哪几种情形可以解除合同？",
        "申请需要什么材料？",
    ],
    Shape.YES_NO: [
        "Is the server encrypted?",
        "Can I use it offline?",
        "Does the plan include support?",
        "So are weekends paid?",
        "If the battery is low, can I still print?",
        "While the printer is asleep, may somebody open the lid?",
        "Once the lid is closed is it safe to move?",
        "dark mode: is it on by default?",
        "the lamp blinks red, does it need a new bulb?",
        "可以带宠物吗？",
        "是否需要签字？",
        "能不能退款？",
        "试用期内有没有工资？",
        "周末上班给加班费不？",
        "订单付了款还能取消不",
        "这本书有中文版没",
        "两台机器的缓存是共用的么",
        "下雨的话比赛就取消了吧？",
        "能从外面连进来吗（专业版）？",
    ],
    Shape.COMPARISON: [
        "What is the difference between a list and a tuple?",
        "How does HNSW differ from flat search?",
        "Compare the Basic plan with the Pro plan.",
        "列表和元组有什么区别？",
        "定金与订金有何不同？",
        "判决和裁定的上诉期有什么不一样？",
        "lz4 and zstd: what is each better at?",
    ],
    Shape.DEFINITION: [
        "What is a vector?",
        "What does RAG stand for?",
        "Define gradient descent.",
        "What is meant by force majeure?",
        "什么是不可抗力？",
        "不可抗力是什么意思？",
        "何谓要约？",
    ],
}


@pytest.mark.parametrize(
    ("shape", "question"), [(s, q) for s, questions in SHAPES.items() for q in questions]
)
def test_how_a_question_is_put_tells_the_shape(shape, question):
    asked = asked_of(question)
    assert asked.shape == shape
    assert asked.question == question
    assert asked.chinese == any("一" <= character <= "鿿" for character in question)


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("What is the difference between a list and a tuple?", ("list", "tuple")),
        ("How is the Basic plan different from the Pro plan?", ("basic plan", "pro plan")),
        ("Compare int8 with fp16", ("int8", "fp16")),
        ("SQLite vs PostgreSQL?", ("sqlite", "postgresql")),
        ("readahead vs prefetch: what is the difference?", ("readahead", "prefetch")),
        ("Is the bin on in GlusterFS and in JuiceFS, or how do they differ?", ("glusterfs", "juicefs")),
        ("MemoryDB or ElastiCache for the metadata, where is the difference?", ("memorydb", "elasticache")),
        (
            "看权限时 SHOW GRANTS 后面加不加 FOR ME 结果有什么不一样？",
            ("SHOW GRANTS", "SHOW GRANTS FOR ME"),
        ),
        ("做烟花的批发和零售，许可证分别向谁申请？", ("批发", "零售")),
        ("国家级和省级风景名胜区的总体规划分别谁批？", ("国家级", "省级")),
        ("插件有时回 401 有时回 500，分别是出了什么问题？", ("回 401", "回 500")),
        ("Redis or MySQL: how much room does a file take in each?", ("redis", "mysql")),
        ("noop or deadline under SSDs - how do these two treat requests?", ("noop", "deadline")),
        ("列表和元组有什么区别？", ("列表", "元组")),
        ("定金与订金之间的主要区别是什么？", ("定金", "订金")),
        ("What is different?", ()),
    ],
)
def test_the_sides_of_a_comparison(question, sides):
    assert asked_of(question).sides == sides


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("What is a vector?", "vector"),
        ("What does RAG stand for?", "rag"),
        ("What is the meaning of consideration?", "consideration"),
        ("什么是“不可抗力”？", "不可抗力"),
        ("要约是指什么？", "要约"),
        ("产品质量法上说的“缺陷”是什么意思？", "缺陷"),
        ("文档里老说的 Runaway Query 到底指什么？", "Runaway Query"),
        ("同步文档里讲的“完整路径过滤”是怎么一回事？", "完整路径过滤"),
        ("什么叫价格欺诈？", "价格欺诈"),
        ("whats valkey", "valkey"),
        ('What counts as "Adapted Material"?', "adapted material"),
        ("In Lustre, what does FLR mean?", "flr"),
        ("what do the docs mean by writeback mode?", "writeback mode"),
    ],
)
def test_the_subject_of_a_definition(question, subject):
    assert asked_of(question).subject == subject


@pytest.mark.parametrize(
    "question",
    [
        "What is the default port?",
        "What is the price of the Pro plan?",
        "试用期的期限是什么？",
        "默认端口是什么？",
    ],
)
def test_a_property_of_something_is_no_definition(question):
    assert asked_of(question).shape == Shape.PHRASE


@pytest.mark.parametrize(
    ("question", "negated"),
    [
        ("Is it allowed?", False),
        ("Isn't it allowed?", True),
        ("Is it not allowed?", True),
        ("可以退款吗？", False),
        ("不可以退款吗？", True),
        ("不能退款吗？", True),
        ("能不能退款？", False),
        ("可不可以退款？", False),
        ("是不是必须签字？", False),
        ("有没有工资？", False),
    ],
)
def test_a_question_put_in_the_negative(question, negated):
    asked = asked_of(question)
    assert (asked.shape, asked.negated) == (Shape.YES_NO, negated)


@pytest.mark.parametrize(
    "question",
    [
        "How many people work there?",
        "When was it signed?",
        "What is the maximum size?",
        "试用期最长多久？",
        "违约金是多少？",
    ],
)
def test_an_amount_is_asked_for(question):
    assert asked_of(question).amount


@pytest.mark.parametrize(
    ("question", "manner"),
    [
        ("How does it work?", True),
        ("Why does it fail?", True),
        ("为什么失败？", True),
        ("How many are there?", False),
        ("Who wrote it?", False),
        ("有多少人？", False),
    ],
)
def test_a_manner_or_a_reason_is_asked_for(question, manner):
    assert asked_of(question).manner == manner


def test_what_is_said_before_the_question_does_not_count():
    asked = asked_of("I run the difference tool. Which port does it use? Thanks.")
    assert asked.shape == Shape.PHRASE
    assert asked_of("公司与员工签订了合同，有区别。试用期可以辞退员工吗？").shape == Shape.YES_NO


def test_either_or_is_no_question_for_yes_or_no():
    assert asked_of("Is it free or paid?").shape != Shape.YES_NO


@pytest.mark.parametrize(
    "question",
    [
        "When can I return the lamp?",
        "When does my card expire?",
        "What is the default size, and is it fixed?",
        "How long does it take, is there a limit?",
        "里面装的是什么",
        "这个怎么么",
        "押金要交多少，不退吧？",
    ],
)
def test_a_question_that_asks_for_something_is_none_for_yes_or_no(question):
    assert asked_of(question).shape != Shape.YES_NO


@pytest.mark.parametrize(
    "question",
    [
        "比较" + "和" * 4000,
        "相比" + "和的" * 2000,
        "difference between " + "and a " * 600,
        "a or " * 800 + " versus",
        "a and " * 800 + ": each",
        "list " + "a, " * 1500 + "what",
        "看看" * 2000 + "什么，",
        "中说的" * 1500,
    ],
)
def test_a_hostile_question_takes_no_time(question):
    begun = time.process_time()
    asked_of(question)
    assert time.process_time() - begun < 1.0


@pytest.mark.parametrize("question", ["", "?", "？", "port", "端口", "how", "a" * 5000, "为" * 5000])
def test_any_text_is_a_question(question):
    assert asked_of(question).question == question


@pytest.mark.parametrize(
    ("question", "shape"),
    [
        ("What are inodes?", Shape.DEFINITION),
        ("What are access keys?", Shape.DEFINITION),
        ("What are the limits?", Shape.LIST),
        ("What are your opening hours?", Shape.LIST),
    ],
)
def test_things_in_the_plural_are_defined_and_named_ones_listed(question, shape):
    assert asked_of(question).shape == shape


LEARNED = {Shape.PHRASE: 0.2, Shape.LIST: 0.7, Shape.STEPS: 0.1}


def test_a_learned_shape_counts_where_the_rules_see_none():
    assert decided(asked_of("conditions for leave"), LEARNED).shape == Shape.LIST
    assert decided(asked_of("May I take leave?"), LEARNED).shape == Shape.YES_NO
    assert decided(asked_of("conditions for leave"), {}).shape == Shape.PHRASE
    steps = decided(asked_of("set up the router"), {Shape.STEPS: 0.9, Shape.PHRASE: 0.1})
    assert (steps.shape, steps.manner) == (Shape.STEPS, True)


def test_a_list_that_may_be_meant_is_told_beside_a_phrase():
    unsure = {Shape.PHRASE: 0.6, Shape.LIST: 0.3, Shape.STEPS: 0.1}
    asked = decided(asked_of("the papers they want"), unsure)
    assert (asked.shape, asked.several) == (Shape.PHRASE, True)
    assert not decided(asked_of("how many papers?"), unsure).several
    assert not decided(asked_of("the papers they want"), {Shape.PHRASE: 1.0}).several
