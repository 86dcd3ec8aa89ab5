"""Yes, no, or neither."""

import pytest

from generator.composing.polarity import opening, polarity
from generator.composing.terms import terms_of


def says(question, sentence):
    return polarity(question, sentence, dict.fromkeys(terms_of(question), 1.0))


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Does the server support TLS?", "The server supports TLS since version 2."),
        ("Can I export reports?", "Reports can be exported as CSV."),
        ("Is TLS 1.3 supported?", "TLS 1.3 is supported by every browser."),
        ("Are weekends paid?", "Yes, weekends are paid."),
        ("Can I export reports?", "You can export reports, but not pictures."),
        ("试用期可以辞退员工吗？", "在试用期内，用人单位可以辞退员工。"),
        ("劳动者享有休息的权利吗？", "劳动者享有休息的权利。"),
        ("未成年人可以签合同吗？", "未成年人可以签合同。"),
        ("动产抵押需要登记吗？", "是的，需要登记。"),
        ("公司不同部门可以共用账号吗？", "不同部门可以共用账号。"),
        ("Can I undo the payment later?", "A payment can be undone at any time."),
        ("If the lid is open, may I clean the lamp?", "The lamp may be cleaned."),
        ("Do I need a key for the cellar?", "The cellar must be unlocked with a key; it can be borrowed."),
        ("订单还能收回来改吗？", "订单在审核中可随时收回。"),
        ("这里能刷卡吗？", "门店支持刷卡和现金。"),
    ],
)
def test_yes(question, sentence):
    assert says(question, sentence) is True


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Does the server support TLS?", "The server does not support TLS."),
        ("Can I put the cache on the drive?", "Putting the cache on the drive should be avoided."),
        ("缓存能不能放到网络盘？", "应该避免把缓存放到网络盘。"),
        ("缓存可以放到网络盘吗？", "不建议把缓存放到网络盘。"),
        ("Can I export reports?", "Reports can't be exported."),
        ("Can I export reports?", "Exporting reports is prohibited."),
        ("Is the disk encrypted?", "No, the disk is plain."),
        ("Is TLS supported?", "TLS is unsupported."),
        ("试用期可以辞退员工吗？", "试用期不得辞退员工。"),
        ("未成年人可以进入吗？", "未成年人不得进入。"),
        ("可以退款吗？", "不可以，款项一经支付概不退还。"),
        ("需要登记抵押吗？", "抵押无需登记。"),
        ("离职员工享有奖金吗？", "离职员工不享有奖金。"),
        ("Can an old printer use the new tray?", "The printer doesn't currently support the new tray."),
        ("Is a stamp required for the form?", "The form does not require a stamp."),
        (
            "Can the camera stream to two screens?",
            "The camera only supports recording and does not support streaming.",
        ),
        ("Do I have to sign the receipt?", "Signing the receipt is optional."),
        ("学校能让老师校外兼职吗？", "教师应当遵守学校规定，不得在校外兼职。"),
        ("采伐自家的树要办许可证吗？", "采伐自家房前的树，不需要办许可证。"),
        ("关掉电源后设置会丢吗？", "关掉电源后设置不会丢失。"),
        ("Our server is 5.2. Can we use dark mode?", "Dark mode can be used since version 6.0."),
        ("服务器是 5.2 的，能开夜间模式吗？", "服务器 6.0.1 版本以后才支持夜间模式。"),
        ("主机能装第二块显卡吗？", "主机只支持一种电源，不支持第二块显卡。"),
    ],
)
def test_no(question, sentence):
    assert says(question, sentence) is False


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Can I export reports?", "Reports can be exported unless they are locked."),
        ("Can I export reports?", "Whether reports can be exported depends on the plan."),
        ("Can I export reports?", "Reports cannot be exported without a licence."),
        ("Can I export reports?", "It is not impossible to export reports."),
        ("试用期可以辞退员工吗？", "试用期内不得辞退员工，但法律另有规定的除外。"),
        ("试用期可以辞退员工吗？", "除非员工严重违纪，试用期不得辞退员工。"),
        ("单位可以不支付工资吗？", "单位不能不支付工资。"),
        ("单位支付工资吗？", "单位不能不支付工资。"),
        ("Is the server encrypted?", "The server is encrypted."),
        ("服务能不重启就更新吗？", "更新服务后需要重启。"),
        ("Our server is 6.2. Can we use dark mode?", "Dark mode can be used since version 6.0."),
        ("合同能写在纸上吗？", "合同不得因为写在纸上而被否定。"),
        ("账号能转给别人吗？", "账号应当实名登记。"),
        (
            "Can the council change the budget?",
            "The council can change its own rules, while only the mayor changes the budget.",
        ),
        ("Can a photo carry a label?", "Labels are supported for texts and tables, but not for photos."),
        ("May I remove the label and keep the box?", "You should keep the receipt."),
        ("中标人能把主体工程分包吗？", "中标人可以将非主体工程分包。"),
        ("Are tartar sauce and cream of tartar the same?", "In many places, cream of tartar is used."),
    ],
)
def test_a_condition_a_double_negation_or_words_of_another_kind_give_no_word(question, sentence):
    assert says(question, sentence) is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Is smoking prohibited?", "Smoking is prohibited in the hall."),
        ("是否禁止吸烟？", "室内禁止吸烟。"),
        ("Is it impossible to export reports?", "It is impossible to export reports."),
        ("Can it run without a network?", "It can run without a network."),
        ("Is the library open on Sunday?", "The library is open from Monday to Saturday."),
    ],
)
def test_a_word_that_could_say_the_opposite_is_not_said(question, sentence):
    assert says(question, sentence) is None


def test_an_item_counts_with_its_lead_in():
    question, lead, item = (
        "Can members borrow games for 3 weeks?",
        "Members can borrow:",
        "- games, for 3 weeks",
    )
    weights = dict.fromkeys(terms_of(question), 1.0)
    assert polarity(question, lead, weights) is None
    assert polarity(question, lead, weights, f"{lead}\n{item}") is True
    assert polarity(question, lead, weights, f"{lead}\n- games, for 2 weeks") is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Is smoking prohibited?", "Smoking is allowed in the yard."),
        ("Does it run without a network?", "It runs in a network."),
        ("是否禁止吸烟？", "室内可以吸烟。"),
    ],
)
def test_a_negation_in_the_question_alone_gives_no_word(question, sentence):
    assert says(question, sentence) is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Does TLS 1.3 work?", "TLS 1.2 works with every browser."),
        ("Can I get a refund after 30 days?", "Refunds can be made within 14 days."),
        ("30天后可以退款吗？", "14天内可以退款。"),
    ],
)
def test_another_number_than_the_one_asked_about_gives_no_word(question, sentence):
    assert says(question, sentence) is None


def test_a_clause_of_something_else_gives_no_word():
    assert says("Does the server support TLS?", "Lunch is served at noon.") is None
    assert says("可以退款吗？", "今天天气很好。") is None


def test_a_fact_that_says_neither_gives_no_word():
    assert says("TLS on the server?", "TLS on the server, version 2") is None


@pytest.mark.parametrize("sentence", ["", " ", "。", ", , ,", "!", "?"])
def test_no_sentence_gives_no_word(sentence):
    assert says("Can I export reports?", sentence) is None


def test_the_opening_is_in_the_language_of_the_question():
    assert [opening(True, True), opening(True, False)] == ["是。", "否。"]
    assert [opening(False, True), opening(False, False)] == ["Yes. ", "No. "]
