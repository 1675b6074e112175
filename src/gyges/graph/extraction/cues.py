"""Which words deny, ask or suppose something, and which words end what they are said of?

Lists for :mod:`gyges.graph.extraction.guard`. They are English, and no list of words is complete.
"""

from __future__ import annotations

import re

__all__ = [
    "ANNOUNCED",
    "ASIDE",
    "ASKED",
    "BACKWARD",
    "CLOSED",
    "CONTRA",
    "DANGLING",
    "FORWARD",
    "HEDGES",
    "INTRODUCTION",
    "NOT_AGAINST",
    "SHIELDED",
    "SUPPOSED",
    "TAKEN_BACK",
    "TERMINATOR",
    "TRUTH",
    "WHOLE",
]

SHIELDED = re.compile(
    r"\bnot (?:only|just|merely|simply|solely|least|surprisingly|to mention)\b"
    r"|\bno (?:doubt|wonder|less than|surprise)\b"
    r"|\bwithout (?:a )?doubt\b|\bcannot be overstated\b|\bnone ?the ?less\b|\bnever ?the ?less\b|"
    r"\bnot unlike\b"
    r"|\bwhether or not\b|\bnot uncommonly\b|\bundoubtedly\b",
    re.I,
)
"""Words that look like a denial and are none."""

FORWARD = re.compile(
    r"\b(?:not|never|cannot|no longer|hardly|scarcely|barely|rarely|seldom|neither|nor|without|unlikely|"
    r"improbable|"
    r"fail(?:s|ed|ing|ure)? (?:to|at|in)|(?:unable|refus\w+|ceas\w+|too weak) to|stop(?:s|ped)? (?:\w+ing)|"
    r"no(?=\s)|none of|nothing|nobody|nowhere|"
    r"(?:lack|absence|shortage) of|lack(?:s|ed|ing)? (?:any|evidence|support)|rather than|instead of|"
    r"as opposed to|"
    r"contrary to|far from|little (?:evidence|support|sign|reason)|insufficient\w* \w+|inconclusive\w*|"
    r"rul(?:e|es|ed|ing) out|refut\w+|disprov\w+|debunk\w*|reject\w*|den(?:y|ies|ied|ying)|dismiss\w*|"
    r"doubt\w*|"
    r"myth|misconception|fallacy|false|falsely|wrong|wrongly|mistaken\w*|incorrect\w*|untrue|unfounded|"
    r"unsupported|"
    r"retract\w*|withdr[ae]w\w*|overturn\w*|falsif(?:y|ies|ied)|discredit\w*|disput\w*|disagree\w*|"
    r"exonerat\w*|nonsense|"
    r"allegation\w*|allegedly|baseless|groundless|zero (?:\w+ )?(?:evidence|support|signs?|proof|"
    r"indications?|reasons?|basis|"
    r"runs?|cases?|instances|examples|effect|impact)|zero (?=xx)|zero of|innocent of|(?:cleared|"
    r"acquitted) of|0 ?% of|0 (?:out )?of (?:the )?\d+|"
    r"(?<!\ba )few (?:\w+ )?(?:believe|think|accept|agree|hold|find|found|see|argue|claim|report|would say)|"
    r"(?:previously|formerly|once|until recently|used to be)\b[^.;:,]{0,20}\b(?:believed|thought|"
    r"assumed|claimed|supposed)|"
    r"counterfactual\w*|unrelated|independent of|prevent\w* \w+ from|keep\w* \w+ from|deter\w* \w+ from)\b"
    r"|n['’ʼ]t\b",
    re.I,
)
BACKWARD = re.compile(
    r"\b(?:(?:is|are|was|were|be|been|being|has|have|had|does|do|did|can|could|will|would|should|may|"
    r"might|must|"
    r"remains?|seems?|appears?|proves?|proved|turn\w* out(?: to be)?)\s+(?:\w+\s+){0,2}?"
    r"(?:not|never|no longer|hardly|unlikely|improbable|false|wrong|incorrect|untrue|unfounded|"
    r"unsupported|unproven|"
    r"refuted|rejected|disproved|disproven|debunked|dismissed|denied|ruled out|mistaken|inconclusive|a myth|"
    r"retracted|withdrawn|overturned|contradicted|discredited|falsified|abandoned|disputed|contested|"
    r"exonerated|nonsense|"
    r"implausible|impossible|baseless|groundless|bogus|wishful thinking|"
    r"an? (?:illusion|misconception|fallacy|artifact|artefact)|no \w+)|cannot|"
    r"(?:lacks?|lacked|lacking)\s+(?:\w+\s+){0,2}(?:evidence|support|proof)|fail(?:s|ed)? to|"
    r"falls? apart|fell apart|"
    r"(?:found|finds?|has|have|had|receives?|received|gets?|got) (?:no|little) \w+|unlikely|"
    r"would (?:\w+ )?be (?:\w+ )?(?:surpris\w+|a surprise|astonishing|odd|strange)|less (?:often|"
    r"frequently) than chance|"
    r"in (?:no|zero) (?:\w+ )?(?:runs?|cases?|models?|trials?|samples?|instances?|experiments?)|"
    r"(?:in|at|for|of) 0(?:\.0+)? ?(?:percent|per cent)|(?:in|at|for|of) 0(?:\.0+)? ?%(?! to\b) of|"
    r"(?:in|for) 0 (?:out )?of (?:the )?\d+)\b"
    r"|\b\w+n['’ʼ]t\b",
    re.I,
)
ASKED = re.compile(
    r"\b(?:whether|unclear|unknown|untested|unproven|open question|remains to be seen|if and how)\b",
    re.I,
)
TRUTH = frozenset({"supports", "causes", "mitigates", "predicts", "part_of", "analogous_to"})
"""Relations of which a sentence that only asks says nothing; that something is studied may well be asked."""

_OPPOSES = (
    r"(?:contradict|refut|disprov|conflict|oppos|challeng|undermin|disput|rul\w* out|rebut|"
    r"count(?:er)?s? against|"
    r"inconsisten)"
)
NOT_AGAINST = re.compile(
    rf"(?:\b(?:not|never|cannot|hardly|neither|nor|without|no|fails? to|failed to|nothing)\b|n['’ʼ]t\b)\s+"
    rf"(?:\w+\s+){{0,3}}?{_OPPOSES}\w*",
    re.I,
)

TERMINATOR = re.compile(
    r"[;:]|\s[—–]\s|--|\bbut\b|\byet\b|(?<!, )\bhowever\b|\balthough\b|\bthough\b|\bwhereas\b|\bwhile\b|"
    r"\bbecause\b|"
    r"\bsince\b(?! \d)|\bexcept\b|\binstead\b(?! of),?",
    re.I,
)
ASIDE = re.compile(
    r",\s*(?:which|who|whom|whose|where|when|if|unless|as|so|even)\b|,\s+(?:and|or)\s+|"
    r"\band\s+(?=(?:do|does|did|is|are|was|were|has|have|can|could|will|would|should|must|may|might|"
    r"never|not|cannot)\b)"
    r"|\b(?:that|which|who|whose|where|when|if|unless|even|until|before|after|than)\b|\bor\s+(?=not\b)|"
    r",\s*(?=not\b)|"
    r"\((?=[^)]*$)",
    re.I,
)
"""What begins a part of a clause in which something else than the statement is said."""
CLOSED = re.compile(
    r",\s*(?:which|who|whom|whose|where|when|if|as|so|even)\b[^,]{3,},|\([^()]*\)", re.I
)
"""An aside that ends again: what follows it is of the statement."""
SUPPOSED = re.compile(
    r"\b(?:if|suppose|supposing|assume|assuming|imagine|as if|as though)\b|(?-i:\bHad $)", re.I
)
INTRODUCTION = re.compile(
    r"\s*(?:in|for|with|without|although|though|while|when|whenever|if|unlike|despite|because|since|"
    r"after|before|as|"
    r"even|among|where|whereas|given|until|unless|once|contrary to|instead of|rather than|far from|not|"
    r"no matter)\b",
    re.I,
)

WHOLE = re.compile(
    r"\bin (?:0 ?%|zero|no|none) (?:of )?(?:the |our |these )?(?:\w+ )?(?:runs?|cases?|trials?|samples?|"
    r"instances?|experiments?)\b,?",
    re.I,
)
"""Words before a statement that deny all of it, a comma or not."""
ANNOUNCED = re.compile(
    r"\b(?:false|wrong|untrue|myths?|misconceptions?|nonsense|not (?:claim|find|true|show|hold|say|"
    r"believe)|no evidence)"
    r"(?: that)?\s*:[\s\d.)*•-]*",
    re.I,
)
"""A denial before a colon that is of what follows the colon."""
CONTRA = re.compile(
    r"\b(?:contra|contrary to|against|unlike|pace)\s[^,;:]{1,60},? (?:who|which) (?:\w+ )?(?:say|said|"
    r"claim|argu|believ|think|"
    r"thought|h[oe]ld|writ|wrote|assert|report|stat|maintain|f[io]u?nd|suggest|propos)\w*",
    re.I,
)
"""Somebody who says a thing and is spoken against."""
DANGLING = re.compile(
    r"(?:[,:–—]|\b(?:that|whether|if|to|not|no|never|and|or|of|the|an?|is|are|was|were|by|than|as|which|"
    r"does|did|do|from|"
    r"with|for|in|because|but))$",
    re.I,
)
"""What a paragraph ends with whose sentence goes on in the next one."""

_SAID = (
    r"(?:claim|view|idea|belief|result|conclusion|effect|statement|finding|hypothesis|allegation|"
    r"suggestion|assumption|"
    r"assertion|notion|report|prediction|story|link)"
)
_AGAIN = rf"(?:this|that|it|which|these|they|(?:this|that|the|such an?) (?:\w+ )?{_SAID}s?)"
_UNTRUE = (
    r"(?:false|untrue|incorrect|mistaken|refuted|disproved|disproven|retracted|rejected|unfounded|"
    r"debunked|withdrawn|overturned|"
    r"discredited|nonsense|an? (?:\w+ )?(?:myth|misconception|fallacy|error|mistake|artifact|artefact)|"
    r"wrong(?! to\b)|"
    r"(?:not|never|no longer) (?:\w+ )?(?:the case|so|true|correct|supported|borne out|confirmed|"
    r"replicated|reproduced|"
    r"believed|held|tenable)(?! (?:for|in|when|if|that)\b))"
)
_AGAINST = (
    r"(?:disprov|refut|reject|retract|debunk|dismiss|den(?:y|ie)|disput|doubt|contradict|"
    r"withdr[ae]w|overturn)\w*"
)
TAKEN_BACK = re.compile(
    # "This turned out to be false", "(this is not the case)"
    rf"\b{_AGAIN} (?:(?:has|have|had|since|later|now|also|simply|just|in fact) )*(?:is|are|was|were|"
    rf"been|turn\w* out|prove[sdn]?)"
    rf"(?: to be| that)? (?:(?:later|since|now|simply|just|quite|plainly|found|shown|proven|known|to|be|"
    rf"been) )*{_UNTRUE}\b"
    rf"|\b{_AGAIN} (?:\w+ )?(?:not|\w+n['’ʼ]t) (?:\w+ )?(?:hold|replicate|reproduce|survive|"
    rf"stand up)\b(?! (?:for|in|when|if)\b)"
    r"|\((?:not so|false|no|wrong|untrue|not true)[.!]?\)"
    # "Our data say otherwise"
    r"|\b(?:say|said|show|suggest|prove|indicate|find|found|tell|point|demonstrate)\w*(?: us)?(?: to)? "
    r"(?:otherwise|the opposite|the contrary|a different story)\b"
    # "The answer is no", "We saw none of it"
    r"|\banswer (?:is|was|turned out to be)(?: an?)?(?: \w+)? no\b"
    r"|\b(?:saw|see|found|find|observed?) (?:none of (?:it|this|that)\b|(?:none|nothing|no such \w+|"
    r"nothing of the (?:kind|sort))"
    r"(?= ?(?:[.;!)]|$)))"
    # "..., but it does not."
    r"|\b(?:it|this|that|they|but|yet|and)(?: in fact| \w+ly)? (?:(?:does|did|do|is|was|were) not|"
    r"(?:does|did|do|is|was|were)n['’ʼ]t)"
    r"(?= ?(?:[.;!)]|$))"
    r"|\bi\.e\.,? (?:in )?(?:no|not|never)\b"
    # ", an allegation we disprove below"
    r"|, an? (?:\w+ )?(?:allegation|accusation|myth|rumou?r|falsehood|misreading|misconception|fallacy)\b"
    rf"|, (?:an?|the|one) (?:\w+ )?{_SAID} (?:(?:that|which) )?(?:we|they|others|the authors|"
    rf"\w+ et al\.?|our \w+)(?: \w+)? {_AGAINST}"
    rf"|, (?:an?|the|one) (?:\w+ )?{_SAID} (?:(?:since|later|now|long) )*(?:{_UNTRUE}|contradicted)\b"
    rf"|, (?:an?|the|one) (?:\w+ )?{_SAID} (?:that|which) (?:\w+ )?(?:\w+ )?(?:is|was|were|are|"
    rf"been) (?:\w+ )?(?:{_UNTRUE}|contradicted)\b",
    re.I,
)
"""Words behind a statement that take it back, in its sentence or in the next one."""

HEDGES = re.compile(
    r"\b(?:might|(?-i:may)|could|perhaps|possibly|maybe|conceivably|presumably|probably|(?:very |"
    r"most )?likely|potentially|"
    r"plausibl[ey]|supposedly|reportedly|arguably|(?:appear|seem)(?:s|ed)? to|(?:is|are) thought to|"
    r"suspect(?:s|ed)?|"
    r"speculat\w+|conjectur\w+|hypothesi[sz]\w+)\b",
    re.I,
)
"""Words by which a sentence says less than that something is so."""
