# SPDX-License-Identifier: MIT
"""Writes sdk/rust/src/abi/layout.rs: the C compiler's sizes and offsets, asserted when the Rust crate is compiled.

usage: rust_layout.py GOLDEN_HEADER... > layout.rs
"""

import pathlib
import re
import sys

HEAD = """\
// SPDX-License-Identifier: MIT
//! Sizes and offsets as the C compiler has them. Generated from golden_1_0.h and golden_1_1.h by
//! rust_layout.py; later minors only add to it. Compiling it is the test.
use super::*;
use core::mem::{size_of, MaybeUninit};
use core::ptr::addr_of;

macro_rules! layout {
    ($type:ident, $size:literal, $($field:ident $offset:literal)*) => {
        const _: () = {
            assert!(size_of::<$type>() == $size, concat!(stringify!($type), " has another size"));
            let room = MaybeUninit::<$type>::uninit();
            // Pointers may go from the first byte of `room` to its end: a field further up makes
            // the first of these leave it, a field further down the second.
            $(unsafe {
                let field = addr_of!((*room.as_ptr()).$field) as *const u8;
                let _ = field.sub($offset).add($size);
            })*
        };
    };
}
"""
# Words of Rust that are fields in C.
RENAMED = {"as": "r#as", "self": "self_"}
SIZE = re.compile(r"KNACK_GOLDEN_(?:LEAST_)?SIZE\((\w+), (\d+)\);")
OFFSET = re.compile(r"KNACK_GOLDEN_OFFSET\((\w+), (\w+), (\d+)\);")


def rust_layout(golden):
    """The text of layout.rs for the text of the golden headers."""
    blocks = []
    for block in golden.split("\n\n"):
        sizes = SIZE.findall(block)
        if not sizes:
            continue
        name, size = sizes[0]
        fields = OFFSET.findall(block)
        assert len(sizes) == 1 and all(field[0] == name for field in fields), block
        lines = [f"    {RENAMED.get(field, field)} {offset}" for _, field, offset in fields]
        blocks.append(f"layout! {{ {name}, {size},\n" + "\n".join(lines) + "\n}\n")
    return HEAD + "\n" + "".join(blocks)


if __name__ == "__main__":
    texts = [pathlib.Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    sys.stdout.write(rust_layout("\n".join(texts)))
