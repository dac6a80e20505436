"""The semantic layer: what is measured, by what, and on which page. Pure; no engine, no screen.

The dashboard of this machine, QuickSight's definition and the answers of a question are made of it.
"""
