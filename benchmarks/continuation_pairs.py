"""Decision 0049: follow-ups that ask nothing themselves, each with the question before it and the one meant.

Written before the rules of `retrieval.continuation`; half replace something of the question before, half add a
condition to it; half are English, half Chinese; law, documentation of products, and general knowledge. The results
of every second one of a group were looked at while the rules were made, those of the others were not.
"""

from typing import NamedTuple


class Continuation(NamedTuple):
    """A question, the follow-up, and the questions that say what is meant; words count, not their order."""

    before: str
    follow_up: str
    wanted: tuple[str, ...]


REPLACING_ENGLISH = (
    Continuation(
        "How long is the probation period for a one-year contract?",
        "And for a three-year contract?",
        ("How long is the probation period for a three-year contract?",),
    ),
    Continuation(
        "What is the default port of Redis?", "What about MySQL?", ("What is the default port of MySQL?",)
    ),
    Continuation(
        "How do I mount the file system on Linux?",
        "And on Windows?",
        ("How do I mount the file system on Windows?",),
    ),
    Continuation(
        "What was the revenue of Acme in 2021?", "And in 2022?", ("What was the revenue of Acme in 2022?",)
    ),
    Continuation(
        "How many seats does the Team plan include?",
        "What about the Business plan?",
        ("How many seats does the Business plan include?",),
    ),
    Continuation(
        "What is the penalty for late filing of a tax return?",
        "And for late payment?",
        ("What is the penalty for late payment?", "What is the penalty for late payment of a tax return?"),
    ),
    Continuation(
        "What is the quota limit for files?",
        "and for directories?",
        ("What is the quota limit for directories?",),
    ),
    Continuation(
        "Who was president of France in 1995?",
        "How about Germany?",
        ("Who was president of Germany in 1995?",),
    ),
    Continuation(
        "Which databases does version 1.1 support?",
        "And version 1.2?",
        ("Which databases does version 1.2 support?",),
    ),
    Continuation(
        "How long is maternity leave for mothers?",
        "What about fathers?",
        ("How long is maternity leave for fathers?",),
    ),
    Continuation(
        "When did the Berlin Wall fall?", "And the Roman Empire?", ("When did the Roman Empire fall?",)
    ),
    Continuation(
        "How do I revoke an access token?",
        "What about a refresh token?",
        ("How do I revoke a refresh token?",),
    ),
)

ADDING_ENGLISH = (
    Continuation(
        "How long are files kept in the trash by default?",
        "And in the Enterprise edition?",
        ("How long are files kept in the trash by default in the Enterprise edition?",),
    ),
    Continuation(
        "How do I mount the file system?",
        "And with read-only access?",
        ("How do I mount the file system with read-only access?",),
    ),
    Continuation(
        "What is the statutory notice period for termination?",
        "And during pregnancy?",
        ("What is the statutory notice period for termination during pregnancy?",),
    ),
    Continuation(
        "Does the API support pagination?",
        "Also with filters?",
        ("Does the API support pagination with filters?",),
    ),
    Continuation("How are backups encrypted?", "And on Windows?", ("How are backups encrypted on Windows?",)),
    Continuation(
        "Can a tenant sublet a flat?",
        "What about without permission?",
        ("Can a tenant sublet a flat without permission?",),
    ),
    Continuation(
        "How fast can a cheetah run?",
        "And over long distances?",
        ("How fast can a cheetah run over long distances?",),
    ),
    Continuation(
        "Who pays the court fees?",
        "And if the claim is withdrawn?",
        ("Who pays the court fees if the claim is withdrawn?",),
    ),
    Continuation(
        "How do I reset my password?",
        "And without access to my phone?",
        ("How do I reset my password without access to my phone?",),
    ),
    Continuation(
        "What is the notice period for employees?",
        "And after ten years of service?",
        ("What is the notice period for employees after ten years of service?",),
    ),
    Continuation(
        "How many days of leave do employees get?",
        "And in part-time work?",
        ("How many days of leave do employees get in part-time work?",),
    ),
    Continuation(
        "Is data encrypted in transit?",
        "And between nodes?",
        ("Is data encrypted in transit between nodes?",),
    ),
)

REPLACING_CHINESE = (
    Continuation("离婚冷静期是多长时间？", "那起诉离婚呢？", ("起诉离婚是多长时间？",)),
    Continuation("2021年的营业收入是多少？", "那2022年呢？", ("2022年的营业收入是多少？",)),
    Continuation("社区版支持多少个用户？", "企业版呢？", ("企业版支持多少个用户？",)),
    Continuation(
        "劳动合同期限一年的，试用期最长多久？", "那三年的呢？", ("劳动合同期限三年的，试用期最长多久？",)
    ),
    Continuation("在 Linux 上怎么挂载文件系统？", "那 Windows 呢？", ("在 Windows 上怎么挂载文件系统？",)),
    Continuation(
        "有限责任公司的股东人数上限是多少？", "股份有限公司呢？", ("股份有限公司的股东人数上限是多少？",)
    ),
    Continuation("Redis 的默认端口是多少？", "那 MySQL 呢？", ("MySQL 的默认端口是多少？",)),
    Continuation("正式员工的年假有几天？", "那实习生呢？", ("实习生的年假有几天？",)),
    Continuation("长江的长度是多少？", "那黄河呢？", ("黄河的长度是多少？",)),
    Continuation("民事诉讼的诉讼时效是几年？", "那行政诉讼呢？", ("行政诉讼的诉讼时效是几年？",)),
    Continuation("文件的配额上限是多少？", "目录呢？", ("目录的配额上限是多少？",)),
    Continuation("一审的审理期限是多久？", "二审呢？", ("二审的审理期限是多久？",)),
)

ADDING_CHINESE = (
    Continuation("离婚后孩子由谁抚养？", "那夫妻一方是军人呢？", ("夫妻一方是军人，离婚后孩子由谁抚养？",)),
    Continuation(
        "回收站里的文件默认保留多长时间？", "那企业版呢？", ("企业版回收站里的文件默认保留多长时间？",)
    ),
    Continuation("怎么挂载文件系统？", "在 Windows 上呢？", ("在 Windows 上怎么挂载文件系统？",)),
    Continuation(
        "用人单位可以解除劳动合同吗？", "那员工怀孕期间呢？", ("员工怀孕期间，用人单位可以解除劳动合同吗？",)
    ),
    Continuation("租房押金什么时候退还？", "如果提前退租呢？", ("如果提前退租，租房押金什么时候退还？",)),
    Continuation("数据如何备份？", "使用对象存储的情况下呢？", ("使用对象存储的情况下，数据如何备份？",)),
    Continuation("交通事故怎么赔偿？", "那对方全责呢？", ("对方全责，交通事故怎么赔偿？",)),
    Continuation("火车票可以改签几次？", "那开车之后呢？", ("开车之后，火车票可以改签几次？",)),
    Continuation("怎么修改密码？", "没有管理员权限呢？", ("没有管理员权限，怎么修改密码？",)),
    Continuation("合同需要公证吗？", "那涉及房产的呢？", ("涉及房产的，合同需要公证吗？",)),
    Continuation("索引多久重建一次？", "集群模式下呢？", ("集群模式下，索引多久重建一次？",)),
    Continuation("诉讼时效是三年吗？", "那对方一直没还钱呢？", ("对方一直没还钱，诉讼时效是三年吗？",)),
)

GROUPS = {
    "replaces, en": REPLACING_ENGLISH,
    "adds, en": ADDING_ENGLISH,
    "replaces, zh": REPLACING_CHINESE,
    "adds, zh": ADDING_CHINESE,
}
