"""Does a passage hold a word for what a relation says?

A model may name two things of a passage and join them by a relation of which the passage says nothing. A short list
of stems per relation tells where no usual word for it stands. That is a note for the reviewer and no verdict: a passage
can say a thing in other words, and the word can stand there for something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

__all__ = ["STEMS", "says"]

STEMS: Mapping[str, str] = {
    "supports":
        "support confirm evidence corroborat consistent show demonstrat suggest indicat establish prove "
        "proving proof back strengthen find found agree replicat reveal line underpin bolster",
    "contradicts":
        "contradict refut disprov conflict oppos challeng undermin disput rebut against inconsisten "
        "contrary no not never none cannot fail however doubt disagree reject wrong false unlike instead",
    "proposes":
        "propos introduc present suggest develop devis design forward new novel describ offer invent "
        "call name defin formulat hypothes conjectur argu coin",
    "studies":
        "stud investigat examin explor analy ask look test consider evaluat research focus question "
        "measur address survey prob whether characteri experiment understand find found",
    "extends":
        "extend extension build built generali improv adapt based basis expand follow variant modif "
        "beyond continu refin",
    "uses":
        "use uses used using usage employ appl with via rely relies based adopt through leverag utili "
        "run train by",
    "measures":
        "measur quantif estimat assess evaluat scor metric benchmark track count rate rating gaug detect "
        "test captur monitor",
    "authored_by": "author by wrote written et al and",
    "extracted_from": "extract from in draw drawn tak quot sourc",
    "mitigates":
        "mitigat reduc reduction lower prevent decreas suppress counter alleviat limit curb lessen "
        "weaken protect defen fix remed remov eliminat diminish cut less fewer address avoid control "
        "inhibit block stop down",
    "causes":
        "caus lead led produc induc bring brought creat giv gave result trigger elicit generat driv drov "
        "make made increas rais because due effect responsib yield promot encourag foster amplif explain "
        "why emerg arise arose stem contribut provok spark influenc incentiv teach taught",
    "predicts":
        "predict forecast anticipat expect correlat foretell indicat signal impl forese prognos "
        "extrapolat",
    "part_of":
        "part compon contain includ belong consist compris kind type form element stage step section "
        "modul within member one subset subclass instanc sort is are",
    "analogous_to":
        "analog like similar resembl parallel equivalent akin compar same as correspond mirror reminisc",
    "associated_with":
        "associat correlat relat link connect co accompan tie ties tied together with along go",
}  # fmt: skip
"""Beginnings of the words that may say a relation."""


def says(passage: str, relation: str) -> bool:
    """Whether a usual word for a relation stands in a passage whose names of the ends are masked.

    A relation without a list counts as said.
    """
    return relation not in STEMS or _said(relation).search(passage) is not None


@cache
def _said(relation: str) -> re.Pattern[str]:
    # The short ones are whole words: "in" is no word for "incentive".
    stems = "|".join(rf"{stem}\b" if len(stem) < 4 else stem for stem in STEMS[relation].split())
    return re.compile(rf"\b(?:{stems})", re.I)
