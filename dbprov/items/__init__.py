"""The things that can exist on a server, and what "satisfied" means for each.

What is wanted and what is found have the same types. The fields of an Item are the names its
templates use, and the column aliases of its block ``inspect``: ``found = replace(wanted, **row)``.
Fields under "found" are filled by a look and say what is there beyond the wish; they are never part
of one. ``before`` is what the very entries held to which a statement of ours adds, or from which it
takes: so much an undo leaves there, or puts back.
"""

from dbprov.items.databases import Database as Database
from dbprov.items.databases import Isolation as Isolation
from dbprov.items.databases import Opening as Opening
from dbprov.items.databases import Ownership as Ownership
from dbprov.items.databases import Schema as Schema
from dbprov.items.engine_grants import PatternGrant as PatternGrant
from dbprov.items.engine_grants import TokenGrant as TokenGrant
from dbprov.items.extension import Extension as Extension
from dbprov.items.grants import DatabaseGrant as DatabaseGrant
from dbprov.items.grants import DefaultGrant as DefaultGrant
from dbprov.items.grants import Grant as Grant
from dbprov.items.grants import ObjectGrant as ObjectGrant
from dbprov.items.grants import SchemaGrant as SchemaGrant
from dbprov.items.item import GRANTED as GRANTED
from dbprov.items.item import SET as SET
from dbprov.items.item import Item as Item
from dbprov.items.object_owner import ObjectOwner as ObjectOwner
from dbprov.items.users import IAM_PLUGIN as IAM_PLUGIN
from dbprov.items.users import Membership as Membership
from dbprov.items.users import SearchPath as SearchPath
from dbprov.items.users import User as User
