"""Every program that is run under a preloaded malloc."""

from .compilers import Clang, Gcc
from .git import Git
from .memcached import Memcached
from .node import Node
from .perl import Perl
from .python import Python
from .redis import Redis
from .sqlite import Sqlite

PROGRAMS = {program.name: program for program in (Redis(), Memcached(), Sqlite(), Python(), Gcc(), Clang(), Git(), Perl(), Node())}
