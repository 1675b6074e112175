"""Which words behind a statement take it back, in its sentence or in the next one?

"This turned out to be false", "a claim that we reject", "our data say otherwise". NegEx has no such scope: what is
taken back there was said without any word that denies.
"""

from __future__ import annotations

import re

from gyges.graph.extraction.cues import REJECTS, SAID

__all__ = ["TAKEN_BACK"]

_AGAIN = rf"(?:this|that|it|which|these|they|(?:this|that|the|such an?) (?:\w+ )?{SAID}s?)"
_HOLLOW = (
    r"(?:false|untrue|incorrect|mistaken|refuted|disproved|disproven|retracted|rejected|unfounded|debunked|"
    r"withdrawn|overturned|discredited|nonsense|unwarranted|unjustified|unconvincing|untenable|misguided|premature|"
    r"dubious|doubtful|questionable|spurious)"
)
_UNTRUE = (
    rf"(?:{_HOLLOW}|an? (?:\w+ )?(?:myth|misconception|fallacy|error|mistake|artifact|artefact|bug|fluke|coincidence|"
    r"confound|illusion|glitch|misreading)|wrong(?! to\b)|"
    r"(?:not|never|no longer) (?:\w+ )?(?:the case|so|true|correct|supported|borne out|confirmed|replicated|reproduced|"
    r"believed|held|tenable)(?! (?:for|in|when|if|that)\b))"
)
_NOT = r"(?: not|n['’ʼ]t)"
_STOP = r"(?=\s*(?:[.,;!)]|$))"
_STUDY = (
    r"(?:stud(?:y|ies)|replications?|runs?|data|experiments?|analys[ie]s|work|attempts?|trials?|tests?|teams?|results?|"
    r"follow-ups?|logs?|we|they|others|i)"
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
    r"(?:otherwise|the (?:opposite|reverse|contrary)|a different story)\b"
    r"|, the (?:very |exact |precise )?(?:opposite|reverse) of (?:what|the)\b"
    r"|\bthe (?:opposite|reverse|contrary) (?:is|was|holds|held|happened|seems|appears)\b"
    r"|\bif anything,?[^.;]{0,20}(?:opposite|reverse|contrary|other way)\b|\bquite the (?:opposite|reverse|contrary)\b"
    # "The answer is no", "We saw none of it"
    r"|\banswer (?:is|was|turned out to be)(?: an?)?(?: \w+)? no\b"
    r"|\b(?:saw|see|found|find|observed?) (?:none of (?:it|this|that)\b|(?:none|nothing|no such \w+|"
    r"nothing of the (?:kind|sort))(?= ?(?:[.;!)]|$)))"
    # "..., but it does not."
    r"|\b(?:it|this|that|they|but|yet|and)(?: in fact| \w+ly)? (?:(?:does|did|do|is|was|were) not|"
    r"(?:does|did|do|is|was|were)n['’ʼ]t)(?= ?(?:[.;!)]|$))"
    r"|\bi\.e\.,? (?:in )?(?:no|not|never)\b"
    # ", an allegation we disprove below", ", which our logs contradict"
    r"|, an? (?:\w+ )?(?:allegation|accusation|myth|rumou?r|falsehood|misreading|misconception|fallacy)\b"
    rf"|, (?:an?|the|one) (?:\w+ )?{SAID} (?:(?:that|which) )?(?:we|they|others|the authors|"
    rf"\w+ et al\.?|our \w+)(?: \w+)? {REJECTS}"
    rf"|, (?:an?|the|one) (?:\w+ )?{SAID} (?:(?:that|which) )?(?:we|they|others) (?:\w+ )?{_HOLLOW}\b"
    rf"|, (?:an?|the|one) (?:\w+ )?{SAID} (?:(?:since|later|now|long) )*(?:{_UNTRUE}|contradicted)\b"
    rf"|, (?:an?|the|one) (?:\w+ )?{SAID} (?:that|which) (?:\w+ )?(?:\w+ )?(?:is|was|were|are|"
    rf"been) (?:\w+ )?(?:{_UNTRUE}|contradicted)\b"
    rf"|, (?:which|though|but) (?:our|the|these|those|their|later|other|all|we|they)(?: \w+){{0,3}} {REJECTS}"
    r"|, (?:\w+ )?(?:wrongly|mistakenly|erroneously|falsely|incorrectly|without (?:any )?(?:basis|evidence|warrant))\b"
    # "We disagree", "We do not share this view", "The main study did not confirm this"
    rf"|\b(?:we|i|the authors)(?: \w+)? (?:disagree|dissent|differ|beg to differ|object)"
    rf"(?:{_STOP}| with (?:this|that|them|it)\b)"
    rf"|\b(?:we|i|the authors) (?:(?:do|does|did|can|could){_NOT}|cannot) (?:share|endorse|accept|support|believe|"
    rf"agree with|subscribe to|follow) (?:(?:this|that|these|their|such an?|the) (?:\w+ )?{SAID}s?|"
    rf"(?:this|that|it|them){_STOP})"
    rf"|\b(?:we|i|the authors) (?:are|am|remain|were) (?:\w+ )?(?:unconvinced|unpersuaded|s[ck]eptical|not (?:\w+ )?"
    rf"(?:convinced|persuaded)){_STOP}"
    rf"|\b{_STUDY}\b[^.;]{{0,30}}? (?:(?:did|do|does|could|can|would){_NOT}|cannot|fail(?:s|ed)? to) "
    rf"(?:confirm|replicate|reproduce|corroborate|support|bear out|find|see|observe)"
    rf"(?: (?:this|that|it|these|(?:this|that|the|such an?) (?:\w+ )?{SAID}))?{_STOP}"
    rf"|\b{REJECTS} (?:this|that|it|(?:this|that) {SAID}){_STOP}",
    re.I,
)
"""Words behind a statement that take it back."""
