"""Which words deny a statement, and which only look like it?

Lists for :mod:`gyges.graph.extraction.guard`: what is no denial first, as NegEx has it, then words that deny what
follows them, then predicates that deny what they follow, then sentences that take back what was said. They are English,
and no list of words is complete. Where a name stands in the sentence the text has x's.
"""

from __future__ import annotations

import re

__all__ = [
    "AGAINST",
    "ANNOUNCED",
    "BACKWARD",
    "CONTRA",
    "EFFECT",
    "FADED",
    "FORWARD",
    "INERT",
    "NOT_AGAINST",
    "REJECTS",
    "REVERSED",
    "SAID",
    "SHIELDED",
    "WHOLE",
    "listed",
]


def listed(*alternatives: str) -> re.Pattern[str]:
    """Make one pattern of many: whole words, of capitals and small letters alike."""
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b", re.I)


SAID = (
    r"(?:claim|view|idea|belief|result|conclusion|effect|statement|finding|hypothesis|allegation|suggestion|"
    r"assumption|assertion|notion|report|prediction|story|link|thesis|account|reading|interpretation|"
    r"inference|theory|conjecture|explanation|narrative)"
)
_WHICH = r"(?:whether|how|what|which|who|where|when)"
_DOUBT = r"(?:den(?:y|ies|ied|ying)|doubt\w*|disput\w+|contest\w*|question(?:s|ed|ing)?)"

SHIELDED = listed(
    r"not (?:only|just|merely|simply|solely|alone|least|surprisingly|unexpectedly|to mention|without|until)",
    r"(?:not|by no means|not by any means|hardly|never) (?:(?:just|merely|simply) )?(?:the only|the sole|limited|"
    r"confined|restricted|unique|exclusive)",
    r"not (?:un(?:like|common|true|usual|reasonabl|related|important|expected|connected|warranted|justified)|"
    r"in(?:significant|correct|accurate|frequent|considerable|substantial)|"
    r"im(?:plausibl|possibl|probabl)|dissimilar|irrelevant|negligibl|trivial|surpris)\w*",
    rf"(?:cannot|can not|could not|can hardly|can scarcely|hard to|difficult to|impossible to) (?:be )?(?:{_DOUBT}|"
    r"help but|ignored?|overstated?|overestimated?|escaped?|overlooked?)",
    rf"(?:no ?one|nobody|no \w+|few|none)(?: of \w+)? (?:(?:would|will|can|could|has|have|now|today|\w+ly) )*{_DOUBT}",
    r"no (?:doubt|wonder|surprise|secret|accident|coincidence|mystery|denying|disputing|mistaking|escaping|question "
    r"(?:that|but)|(?:small|little|mean|minor) \w+)",
    r"(?:without|beyond|past) (?:(?:a|any|all|further) )*(?:doubt|dispute|question|fail|exception)|undoubtedly|"
    r"doubtless|un(?:deni|question|mistak)abl[ey]",
    r"(?:no|not) (?:less|fewer|more|greater|higher|lower|later|longer) than (?:an?|half|one|two|three|ten|\d[\d.]*)",
    r"no less than|(?:nothing|none) (?:but|other than|less than|short of)|hardly (?:any )?surpris\w+",
    r"(?:never|not|n['’ʼ]t|without) fail(?:s|ed|ing)? to|fail(?:s|ed|ing)? to (?:refuse|decline|notice|withhold)",
    rf"(?:regardless|irrespective|independent(?:ly)?) of {_WHICH}|no matter {_WHICH}|whether or not",
    r"none ?the ?less|never ?the ?less|if not (?:more|most|all|the)",
)
"""Words that look like a denial and are none: they are hidden before denials are looked for."""

_SLIGHT = (
    r"(?:little|scant|scarce|meagre|meager|flimsy|insufficient|inadequate|negligible|minimal|zero)"
)
_GROUND = (
    r"(?:evidence|support|signs?|reasons?|bas[ie]s|grounds?|proof|data|indications?|justification|warrant|effects?|"
    r"impact|influence|bearing|correlations?|associations?|relations?|relationship|links?|difference|connection|"
    r"success|merit|runs?|cases?|instances|examples)"
)
_RASH = (
    r"(?:mistake|error|wrong|premature|misleading|na[iï]ve|unwise|rash|hasty|unjustified|unwarranted|unsafe|tempting|"
    r"fallacious|an? (?:stretch|leap|overstatement|exaggeration|overreach)|too (?:early|soon|strong|much))"
)
REJECTS = (
    r"(?:disprov|refut|reject|retract|debunk|dismiss|den(?:y|ie)|disput|doubt|contradict|withdr[ae]w|overturn|rebut|"
    r"undermin|invalidat)\w*"
)
_COUNTER = (
    r"(?:undermin\w+|undercut\w*|weaken\w*|challeng\w+|contradict\w*|rebut\w*|question(?:s|ed|ing)?|belie[sd]?|"
    r"invalidat\w+|discount\w*|oppos\w+|conflict\w* with|cast\w* (?:\w+ )?doubt\w* (?:up)?on)"
)
_AT_ODDS = (
    r"(?:at (?:odds|variance) with|(?:incompatible|inconsistent|irreconcilable|in (?:conflict|tension)) with|"
    r"(?:hard|difficult) to (?:square|reconcile) with|runs? counter to|ran counter to|counter to|"
    r"(?:argu|speak|spoke|tell|told|count|weigh|cut|militat|testif)\w* (?:\w+ly )?against|evidence against)"
)

FORWARD = re.compile(
    listed(
        r"not|never|cannot|no longer|hardly|scarcely|barely|rarely|seldom|neither|nor|without|unlikely|improbable",
        r"fail(?:s|ed|ing|ure)? (?:to|at|in)|(?:unable|refus\w+|ceas\w+|too \w+|declin\w+|neglect\w*) to|"
        r"stop(?:s|ped)? (?:\w+ing)|(?:stop\w*|falls?|falling|fell) (?:\w+ )?short of|no(?=\s)|none of|"
        r"nothing|nobody|nowhere|"
        r"(?:lack|absence|shortage|want|dearth) of|lack(?:s|ed|ing)? (?:any|evidence|support)",
        r"rather than|instead of|as opposed to|contrary to|far from|anything but|in vain|next to nothing",
        rf"{_SLIGHT} (?:\w+ )?{_GROUND}|insufficient\w* \w+|inconclusive\w*|do(?:es)? little|did little|little to do",
        r"(?:ineffect(?:ive|ual)|powerless|useless|futile|unsuccessful|incapable|unsuited|unproductive)(?:ly)?",
        r"rul\w+ (?:\w+ ){0,3}?out|refut\w+|disprov\w+|debunk\w*|reject\w*|den(?:y|ies|ied|ying)|dismiss\w*|doubt\w*|"
        r"exclud\w+ (?:that|the (?:possibility|idea|view|hypothesis)|(?:\w+ )?x{2,} (?:as|being|from))",
        r"s[ck]eptical|unconvinced|dubious|questionable|hard to (?:believe|see|accept)|into (?:question|doubt)",
        r"myth|misconception|fallacy|false|falsely|wrong|wrongly|mistaken\w*|incorrect\w*|untrue|unfounded|unsupported|"
        rf"erroneous\w*|spurious\w*|{_RASH} to",
        r"retract\w*|withdr[ae]w\w*|overturn\w*|falsif(?:y|ies|ied)|discredit\w*|disput\w*|disagree\w*|exonerat\w*|"
        r"nonsense|allegation\w*|allegedly|baseless|groundless|zero of|innocent of|(?:cleared|acquitted) of",
        rf"{_COUNTER} (?:\w+ ){{0,3}}?{SAID}s?|{_AT_ODDS}",
        r"0 ?% of|0 (?:out )?of (?:the )?\d+|(?<!\ba )few (?:\w+ )?(?:believe|think|accept|agree|hold|find|found|see|"
        r"argue|claim|report|would say)",
        r"(?:previously|formerly|once|until recently|used to be)\b[^.;:,]{0,20}\b(?:believed|thought|assumed|claimed|"
        r"supposed)|counterfactual\w*|unrelated|independent of|(?:prevent|keep|deter)\w* \w+ from",
    ).pattern
    + r"|n['’ʼ]t\b",
    re.I,
)
"""Words that deny what stands behind them."""

_IS = (
    r"(?:is|are|was|were|be|been|being|has|have|had|does|do|did|can|could|will|would|should|may|might|must|"
    r"remain(?:s|ed)?|seem(?:s|ed)?|appear(?:s|ed)?|prove[sdn]?|look(?:s|ed)?|deemed|judged|considered|found|"
    r"turn\w* out(?: to be)?)"
)
BACKWARD = re.compile(
    listed(
        rf"{_IS}\s+(?:\w+\s+){{0,2}}?"
        r"(?:not|never|no longer|hardly|unlikely|improbable|false|wrong|incorrect|untrue|unfounded|unsupported|"
        r"unproven|unwarranted|unjustified|unconvincing|untenable|premature|misguided|fallacious|erroneous|dubious|"
        r"doubtful|questionable|illusory|overblown|exaggerated|overstated|insignificant|nonsignificant|"
        r"refuted|rejected|disproved|disproven|debunked|dismissed|denied|ruled out|excluded|mistaken|inconclusive|"
        r"retracted|withdrawn|overturned|contradicted|discredited|falsified|abandoned|disputed|contested|exonerated|"
        r"nonsense|implausible|impossible|baseless|groundless|bogus|wishful thinking|at odds|in doubt|ineffective|"
        r"out of the question|a (?:\w+ )?myth|an? (?:\w+ )?(?:illusion|misconception|fallacy|artifact|artefact|fluke|"
        r"coincidence)|no \w+)|cannot",
        r"(?:lacks?|lacked|lacking)\s+(?:\w+\s+){0,2}(?:evidence|support|proof|foundation|basis)|fail(?:s|ed)? to|"
        r"falls? apart|fell apart|(?:collaps|crumbl)e[sd]?|unlikely|short of significance",
        r"(?:found|finds?|has|have|had|receives?|received|gets?|got) (?:no|little|scant) \w+",
        r"would (?:\w+ )?be (?:\w+ )?(?:surpris\w+|a surprise|astonishing|odd|strange)",
        r"less (?:often|frequently) than chance|(?:no|not) (?:\w+ ){1,2}than (?:(?:by|at|a|pure|random) )*"
        r"(?:chance|random|guess\w*|coin|baseline)|at (?:the )?chance(?: level)?|below chance|(?:left|leaves?|leaving) "
        r"(?:\w+ )?(?:unchanged|unaffected|untouched|intact)|(?:unchanged|unaffected|unmoved|untouched)",
        r"(?:com|cam)e\w* (?:up|away) (?:short|empty)|(?:com|cam)e to (?:nothing|naught)|(?:draw|drew)n? a blank|"
        r"(?:fell|falls?|fallen) flat|(?:go|goes|went) (?:\w+ )?separate ways|part(?:ed)? (?:ways|company)|"
        r"(?:com|cam)e apart|diverge[sd]?|dissociat\w+|decoupl\w+|"
        r"(?:is|are|was|were) (?:\w+ )?(?:uncorrelated|unconnected|unrelated|independent)",
        r"in (?:no|zero) (?:\w+ )?(?:runs?|cases?|models?|trials?|samples?|instances?|experiments?)",
        r"(?:in|at|for|of) 0(?:\.0+)? ?(?:percent|per cent)|(?:in|at|for|of) 0(?:\.0+)? ?%(?! to\b) of|"
        r"(?:in|for) 0 (?:out )?of (?:the )?\d+",
    ).pattern
    + r"|\b\w+n['’ʼ]t\b",
    re.I,
)
"""Predicates that deny what stands before them."""
FADED = listed(
    r"vanish\w*|disappear\w*|evaporat\w*|wash\w* out|fad(?:e|es|ed|ing) (?:away|out)|spurious|coincidental|absent|"
    rf"{_IS} (?:\w+ )?(?:gone|lost|nil|null|zero|missing|negligible|confounded|by chance|due to chance)"
)
EFFECT = listed(
    r"(?:effect|association|correlation|relation|relationship|link|influence|benefit|impact|advantage|difference|gap|"
    r"dependence|connection|signal|evidence)s?"
)
"""What must stand before a word of :data:`FADED`: an effect that vanishes is none, misuse that vanishes is one."""
AGAINST = listed(_COUNTER, _AT_ODDS, REJECTS)
"""Between two ends, it makes of a support its opposite."""
INERT = listed(
    r"(?:is|are|was|were|proved|proves|remain(?:s|ed)?|seem(?:s|ed)?) (?:\w+ )?(?:robust|immune|insensitive|invariant|"
    r"impervious|indifferent|orthogonal|unresponsive) to"
)
"""Between two ends, it denies that one has an effect on the other."""
REVERSED = {
    "causes": re.compile(r"\b(?:less|fewer|lower|reduced|decreased)\s+$", re.I),
    "mitigates": re.compile(
        r"\b(?:led|leads?|leading|caus\w+|result\w*|produc\w+|brought|brings?)\b[^,;]*\b(?:more|increased|higher)\s+$",
        re.I,
    ),
}
"""Right before the object: the sentence says the opposite."""
_OPPOSES = (
    r"(?:contradict|refut|disprov|conflict|oppos|challeng|undermin|disput|rul\w* out|rebut|count(?:er)?s? against|"
    r"inconsisten)"
)
NOT_AGAINST = re.compile(
    rf"(?:\b(?:not|never|cannot|hardly|neither|nor|without|no|fails? to|failed to|nothing)\b|n['’ʼ]t\b)\s+"
    rf"(?:\w+\s+){{0,3}}?{_OPPOSES}\w*",
    re.I,
)
"""Denies a contradiction."""

WHOLE = re.compile(
    r"\bin (?:0 ?%|zero|no|none) (?:of )?(?:the |our |these )?(?:\w+ )?(?:runs?|cases?|trials?|samples?|"
    r"instances?|experiments?)\b,?",
    re.I,
)
"""Words before a statement that deny all of it, a comma or not."""
ANNOUNCED = re.compile(
    r"(?:\b(?:following|this|that|it|next|below|one|claim|statement|belief|idea)\b[^.;:]{0,30}|(?:\A|(?<=[.!?]))\s*)"
    r"\b(?:false|wrong|untrue|incorrect|myths?|misconceptions?|nonsense)(?: that)?\s*:[\s\d.)*•-]*"
    r"|\b(?:myths?|misconceptions?|not (?:claim|find|true|show|hold|say|believe)|no evidence)(?: that)?\s*:"
    r"[\s\d.)*•-]*",
    re.I,
)
"""A denial before a colon that is of what follows the colon."""
CONTRA = re.compile(
    r"\b(?:contra|contrary to|against|unlike|pace)\s[^,;:]{1,60},? (?:who|which) (?:\w+ )?(?:say|said|claim|argu|"
    r"believ|think|thought|h[oe]ld|writ|wrote|assert|report|stat|maintain|f[io]u?nd|suggest|propos)\w*",
    re.I,
)
"""Somebody who says a thing and is spoken against."""
