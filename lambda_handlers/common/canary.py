"""The canary: a user that does not exist, whose burst must become an alert every few minutes.

Its events pass through everything that an attacker's pass through, up to the table of alerts. They
are no events of the shop: the archive and the sessions leave them out, and nobody is told of the
alert. What people are told of is that it did not come.
"""

USER_ID = 9_007_199_254_740_991
"""The largest whole number that every JSON parser holds exactly; no shop has such a user."""
ENTITY_ID = str(USER_ID)
