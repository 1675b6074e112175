"""Which words ask, suppose, plan or only report a statement, and which weaken it?

Such a sentence does not deny the statement, and does not make it either. Of what only weakens it ("may", "suggests")
a reviewer is told; the statement stays. The kinds are those of ConText (Harkema et al. 2009: hypothetical, and said of
somebody else) and of BioScope (Vincze et al. 2008: speculation beside negation). The lists are English and
not complete.
"""

from __future__ import annotations

import re

from gyges.graph.extraction.cues import SAID, listed

__all__ = [
    "ASKED",
    "BOUND",
    "CONDITION",
    "CONTRAST",
    "CREDITED",
    "FOIL",
    "HEDGES",
    "INVERTED",
    "PLANNED",
    "SUPPOSED",
    "TRUTH",
]

TRUTH = frozenset(
    [
        "supports",
        "causes",
        "mitigates",
        "predicts",
        "measures",
        "part_of",
        "analogous_to",
        "associated_with",
    ]
)
"""Relations of which a sentence that only asks says nothing; that something is studied may well be asked."""

_LOOK = (
    r"(?:ask|test|check|study|examin|investigat|explor|determin|assess|evaluat|establish|measur|learn|see|know|"
    r"find out|verify|confirm|replicat|quantif|understand|wonder|consider)\w*"
)

ASKED = listed(
    r"whether|unclear|unknown|untested|unproven|undecided|unresolved|unsettled|undetermined",
    r"open (?:question|problem|issue|matter)|remains? (?:\w+ )?open|(?:is|are) (?:still )?(?:debated|contested)",
    r"remains? to be \w+|(?:has|have|is|are) yet to be \w+|not (?:yet )?(?:known|clear|settled|established)",
    r"if and how|under debate|matter of (?:debate|dispute|conjecture)|anyone['’]s guess|an empirical question",
    rf"{_LOOK} if|(?:attempt|effort|struggl|tr(?:y|ied|ies)|fail)\w* to (?:show|prove|demonstrate|establish|link|tie)",
)

SUPPOSED = listed(
    r"(?<!even )if|suppos(?:e|ing)|assum(?:e|ing)|imagin(?:e|ing)|as if|as though",
    r"(?:for the sake of|for) argument|hypothetically|counterfactual\w*|thought experiment|what if",
    r"(?:on|under|with|given) the (?:\w+ )?(?:assumption|hypothetical|supposition|premise) that",
    r"were it (?:\w+ ){0,3}?that|should it (?:be|turn out|prove) (?:\w+ )?that|in a world (?:where|in which)",
)
INVERTED = re.compile(r"(?:\b(?:Had|Were|Should)|, (?:had|were|should)) (?:the |an? )?$")
"""The verb right before a subject, without "if": "Had X caused Y", "were X to cause Y"."""

CONDITION = listed(
    r"(?:only )?if|provided|providing|on (?:the )?condition|as long as|so long as|assuming|were|had|unless",
)
"""With "would", the sentence tells what does not happen."""
BOUND = listed(r"only if|if and only if|provided that|on (?:the )?condition that")
"""Without "would", the statement still holds in part of the cases alone, and nobody says whether they occur."""

PLANNED = listed(
    r"(?:is|are|was|were|being) (?:\w+ )?(?:planned|scheduled|under ?way|in preparation|forthcoming)",
    r"future (?:work|research|stud(?:y|ies)|experiments?|papers?)|left (?:for|to) (?:the )?future|next steps?",
    rf"(?:will|shall|plan\w*|intend\w*|hop(?:e|es|ed|ing)|aim\w*|want\w*|wish\w*|seek\w*|yet) to (?:\w+ )?{_LOOK}",
    r"(?:we|they|i) (?:\w+ )?(?:hope|expect|anticipate)(?: that)?|(?:has|have|is|are) yet to|in the hope",
    r"will be (?:test|stud|examin|investigat|explor|measur|assess|evaluat)\w*",
)

_THINK = (
    r"(?:claim|argu|assert|sa(?:y|id)|h[oe]ld|believ|think|thought|assum|maintain|contend|insist|alleg|suppos|"
    r"conjectur|suspect|proclaim|declar|advertis|hop)\w*"
)
CREDITED = listed(
    r"(?:some|many|most|several|others?|proponents|advocates|critics|authors|people|commentators|vendors?|it)\b"
    rf"[^.;:,]{{0,40}}\b{_THINK}",
    rf"(?<!\bwe )(?<!\bi )(?:{_THINK}|(?:boast|tout|brag|promis|profess|purport|opin)\w*) that",
    r"(?:is|are|was|were|been) (?:\w+ )?(?:credited|blamed|touted|sold|hailed|advertised|seen|regarded|described)",
    rf"et al\.?,? (?:\(\d+\) )?{_THINK}|according to|(?:are|is|was|were|been) (?:\w+ )?(?:said|believed|thought) to",
    r"(?:folk wisdom|folklore|conventional wisdom|common (?:belief|wisdom|view)|received (?:view|wisdom))",
    r"at first (?:glance|sight)|on the face of it|naively|prima facie|in theory|on paper|purported\w*|ostensibl[ey]",
)
"""A view that is somebody's; with a contrast behind the statement, it is a view that the text does not share."""
CONTRAST = re.compile(
    r"[,;—–]?\s*\b(?:but|yet|however|though|although|whereas|in (?:fact|reality|practice)|actually)\b"
    r"(?! (?:only|also|not|mainly|mostly|chiefly)\b)",
    re.I,
)
FOIL = listed(
    r"(?:one|you|some|many|people|readers?|a reader|it|sceptics|skeptics)(?: \w+)? (?:might|could|would|may)"
    r"(?: (?:be (?:tempted|inclined|forgiven)|have|\w+ly|at first|to|for|be))* "
    r"(?:think|thought|expect|assum|suppos|believ|conclud|infer|guess|imagin|hop|object|thinking|read)\w*",
    r"we (?:would|had|might have|would have|should) (?:\w+ )?expect\w*",
    r"(?:the|one|an?) (?:\w+ )?(?:story|argument|worry|fear|hope|legend|tale) (?:goes|runs|is)|rumou?r has it",
)
"""A view that is put up to be knocked down."""

HEDGES = listed(
    r"might|(?-i:may)|could|would|perhaps|possibly|maybe|conceivably|presumably|probably|potentially|apparently",
    r"(?:very |most )?likely|plausibl[ey]|supposedly|reportedly|arguably|tentatively|seemingly|in principle",
    r"(?:appear|seem)(?:s|ed)? (?:to|likely|that)|(?:is|are) (?:thought|believed|said|expected) to",
    r"suspect(?:s|ed)?|speculat\w+|conjectur\w+|hypothesi[sz]\w+|suggest(?:s|ed|ive|ing)?|hint(?:s|ed)?(?: at)?",
    r"(?:limited|weak|preliminary|tentative|anecdotal|mixed|some|early) (?:evidence|support|signs?|indications?)",
    r"cannot (?:be )?(?:ruled? out|excluded?)|not (?:impossible|inconceivable|implausible)",
    rf"we (?:think|believe|guess|expect|hypothesi[sz]e)|(?:tentative|preliminary) {SAID}s?",
)
"""Words by which a sentence says less than that something is so."""
