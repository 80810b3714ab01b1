"""Runs a program under a filter of system calls, made by the library that systemd makes its filters with.

Arguments: the filter as JSON, {"admitted": [names], "families": [names], "error": name}, and the program with its arguments.
"""

import ctypes
import errno
import json
import os
import socket
import sys

ADMIT = 0x7FFF0000
REFUSE = 0x00050000
EQUAL = 4


class Comparison(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("unused", ctypes.c_uint64),
    ]


library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
rules = json.loads(sys.argv[1])
# An address, which ctypes would cut to an int.
context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(REFUSE | getattr(errno, rules["error"]))))


def admit(call, *comparisons):
    array = (Comparison * len(comparisons))(*comparisons)
    result = library.seccomp_rule_add_array(context, ctypes.c_uint32(ADMIT), call, len(comparisons), array)
    if result != 0:
        sys.exit(f"rule for system call {call}: {os.strerror(-result)}")


for name in rules["admitted"]:
    call = library.seccomp_syscall_resolve_name(name.encode())
    # Negative: not one of this machine's.
    if call >= 0 and name != "socket":
        admit(call)
for family in rules["families"]:
    call = library.seccomp_syscall_resolve_name(b"socket")
    admit(call, Comparison(0, EQUAL, getattr(socket, family), 0))
result = library.seccomp_load(context)
if result != 0:
    sys.exit(f"filter: {os.strerror(-result)}")
os.execv(sys.argv[2], sys.argv[2:])
