"""Pools of two levels of checks are two types: what one file passes to another of another level does not link; of the same
level it does.

    levels_link.py INCLUDE COMPILER...
"""
import os
import subprocess
import sys
import tempfile

POOLS = {
    "object_pool": "cenote::object_pool<int>",
    "block_pool": "cenote::block_pool<>",
}
USER = """#include "cenote/block_pool.hpp"
#include "cenote/object_pool.hpp"
void use({pool}&);
int main() {{ {pool}* none = nullptr; use(*none); }}
"""
DEFINER = """#include "cenote/block_pool.hpp"
#include "cenote/object_pool.hpp"
void use({pool}&) {{}}
"""


def main():
    include, *compiler = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        def compiled(name, text, level):
            source = os.path.join(folder, f"{name}_{level}.cpp")
            with open(source, "w", encoding="utf-8") as f:
                f.write(text)
            subprocess.run([*compiler, "-std=c++20", f"-I{include}", f"-DCENOTE_CHECKS=CENOTE_CHECKS_{level}",
                            "-c", source, "-o", source + ".o"], check=True)
            return source + ".o"

        def links(*objects):
            run = subprocess.run([*compiler, *objects, "-o", os.path.join(folder, "program")],
                                 capture_output=True, text=True, check=False)
            if run.returncode != 0 and "undefined reference to `use(" not in run.stderr:
                sys.exit(run.stderr)
            return run.returncode == 0

        both = "".join(DEFINER.format(pool=pool) for pool in POOLS.values())
        definers = {level: compiled("definer", both, level) for level in ("NONE", "CHEAP", "FULL")}
        for name, pool in POOLS.items():
            user = compiled("user_of_" + name, USER.format(pool=pool), "CHEAP")
            for level, definer in definers.items():
                if links(user, definer) != (level == "CHEAP"):
                    sys.exit(f"a {name} with cheap checks, passed to code with {level}: links or not, wrongly")


main()
