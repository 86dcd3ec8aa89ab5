"""Texts that run or fetch something where they become markup, of every kind that sanitisers are tested with.

Written for these tests; the kinds are those of public suites (DOMPurify's, OWASP's list, html5sec). `python -m
tests.browser.rendering FILE` draws such a suite itself.
"""

from itertools import product

RUN = "window.ran=1"
EVENTS = (
    "onload",
    "onerror",
    "onfocus",
    "onmouseover",
    "ontoggle",
    "onbegin",
    "onpointerrawupdate",
    "onanimationstart",
)
TAGS = (
    "img src=x",
    "svg",
    "body",
    "details open",
    "input autofocus",
    "video src=x",
    "marquee",
    "custom-tag tabindex=0",
)
JS_URLS = (
    "javascript:{run}",
    "JaVaScRiPt:{run}",
    "java\tscript:{run}",
    "&#106;avascript:{run}",
    "javascript&colon;{run}",
    "data:text/html,<script>{run}</script>",
    "vbscript:{run}",
    "\x01javascript:{run}",
)
LINKS = (
    "<a href='{url}'>x</a>",
    "<form action='{url}'><button>x</button></form>",
    "<button formaction='{url}'>x</button>",
    "<svg><a xlink:href='{url}'><text y=9>x</text></a></svg>",
    "<iframe src='{url}'></iframe>",
    "[x]({url})",
)
FETCHES = (
    "<img src={trap}/img>",
    "<img srcset='{trap}/set 1x'>",
    "<picture><source srcset={trap}/source><img></picture>",
    "<video poster={trap}/poster></video>",
    "<audio src={trap}/audio autoplay></audio>",
    "<video><track src={trap}/t default></video>",
    "<input type=image src={trap}/input>",
    "<body background={trap}/body>",
    "<table background={trap}/table><td>x</table>",
    "<link rel=stylesheet href={trap}/css>",
    "<link rel=prefetch href={trap}/prefetch>",
    "<link rel=preload as=image href={trap}/pre>",
    "<link rel=modulepreload href={trap}/m.js>",
    "<link rel=icon href={trap}/icon>",
    "<link rel=manifest href={trap}/manifest>",
    "<style>@import '{trap}/import';</style>",
    "<style>*{{background:url({trap}/bg)}}</style>",
    "<p style=\"background-image:url('{trap}/style')\">x</p>",
    "<style>@font-face{{font-family:f;src:url({trap}/f)}}*{{font-family:f}}</style>",
    "<svg><image href={trap}/image /></svg>",
    "<svg><use href='{trap}/use#x' /></svg>",
    "<svg><feImage href={trap}/fe /></svg>",
    "<object data={trap}/object></object>",
    "<embed src={trap}/embed>",
    "<iframe src={trap}/frame></iframe>",
    "<iframe srcdoc='<img src={trap}/srcdoc>'></iframe>",
    "<frameset><frame src={trap}/f></frameset>",
    "<meta http-equiv=refresh content='0;url={trap}/refresh'>",
    "<base href={trap}/><img src=base>",
    "<script src={trap}/s.js></script>",
    "<portal src={trap}/portal></portal>",
    "<math><mtext href={trap}/math>x</mtext></math>",
    "<a ping={trap}/ping href=#>x</a>",
    "![x]({trap}/md.png)",
    "[![x]({trap}/badge)]({trap}/link)",
    "<{trap}/autolink>",
    "![x][r]\n\n[r]: {trap}/ref",
    ":material/home: ![]({trap}/m)",
    "$\\href{{{trap}/tex}}{{x}}$ $\\includegraphics{{{trap}/g}}$",
    "<!--[if IE]><img src={trap}/if><![endif]-->",
)
SCRIPTS = (
    "<script>{run}</script>",
    "<script type=module>{run}</script>",
    "<SCRIPT/x>{run}</SCRIPT>",
    "<script>{run}",
    "<svg><script>{run}</script></svg>",
    "<math><script>{run}</script></math>",
    "<template shadowrootmode=open><script>{run}</script></template>",
    "<noscript><img src=x onerror={run}></noscript>",
    "<svg><foreignObject><img src=x onerror={run}></foreignObject></svg>",
    "<svg><animate onbegin={run} attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:{run}></svg>",
    "<math><maction actiontype=statusline xlink:href=javascript:{run}>x</maction></math>",
    "<xmp><img src=x onerror={run}></xmp>",
    "<textarea></textarea><img src=x onerror={run}>",
    "<title></title><img src=x onerror={run}>",
    "<style><img src=x onerror={run}></style>",
    "<select><template><img src=x onerror={run}></template></select>",
    "<plaintext><img src=x onerror={run}>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror={run}>",
    "<svg></p><style><a id='</style><img src=x onerror={run}>'>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror={run}></annotation-xml></math>",
    "<a id=x tabindex=1 onfocus={run} autofocus>x</a>",
    "<img name=body><form id=attributes><input name=nodeName></form>",
    "<div id=constructor><a id=cookie name=cookie href=javascript:{run}>x</a></div>",
    "<![CDATA[<img src=x onerror={run}>]]>",
    "<!--><img src=x onerror={run}>-->",
    "<?xml-stylesheet href='javascript:{run}'?>",
    "</div></span></p></li></ul><img src=x onerror={run}>",
    '"><img src=x onerror={run}>',
    "'-{run}-'",
    "${{{run}}}",
    "{{{{constructor.constructor('{run}')()}}}}",
    "<%= {run} %>",
    "&lt;img src=x onerror={run}&gt;",
    "\\u003cimg src=x onerror={run}\\u003e",
    "<img src=x onerror=&#119;indow.ran=1>",
    "<\x00script>{run}</script>",
    "<scr<script>ipt>{run}</script>",
    "＜script＞{run}＜/script＞",
    "</script><script>{run}</script>",
    "```html\n<img src=x onerror={run}>\n```",
    "<keygen autofocus onfocus={run}>",
    "<isindex type=image src=x onerror={run}>",
    "<object type='text/x-scriptlet' data='data:text/html,<script>{run}</script>'>",
)


def payloads(trap: str) -> list[str]:
    """All of them.

    Args:
        trap: Address that those which fetch something fetch it from.
    """
    handlers = [f"<{tag} {event}={RUN}>" for tag, event in product(TAGS, EVENTS)]
    links = [link.format(url=url.format(run=RUN)) for link, url in product(LINKS, JS_URLS)]
    fetches = [text.format(trap=trap) for text in FETCHES]
    return [*(text.format(run=RUN) for text in SCRIPTS), *fetches, *links, *handlers]
