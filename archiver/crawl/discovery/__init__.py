"""Where a site tells which pages it has: one module a source, and what is made of what they tell.

:mod:`found` is what sources tell, :mod:`addresses` the form in which a page is asked for,
:mod:`judging` whether it is, :mod:`preview` the list of all that for a person.
"""
