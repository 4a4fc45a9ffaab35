/** Whatever a system refuses is said in words: which file, what is wrong, what to do. */
import { constants } from "node:os";
import { expect, test } from "vitest";
import { fileError, reasonOf, type Doing } from "../../src/node/file-error.ts";

const DOING: readonly Doing[] = ["find", "read", "list", "write", "make", "remove"];
const failure = (code: string): Error =>
  Object.assign(new Error(`${code}: made up, open '/some/path'`), { code });

test("every code of the system has a message of our form, whatever was tried", () => {
  const codes = [
    ...Object.keys(constants.errno),
    ...["ERR_FS_FILE_TOO_LARGE", "ERR_STRING_TOO_LONG", "UNKNOWN"],
  ];
  for (const code of codes)
    for (const doing of DOING)
      expect(fileError("dir/file", doing, failure(code)).message).toMatch(
        new RegExp(`^dir/file: [a-z][^:;]+, got ${code}; [a-z][^:;]+$`),
      );
});

test("a path that the system is never asked for", () => {
  expect(fileError("a", "read", failure("ERR_INVALID_ARG_VALUE")).message).toBe(
    "a: not a possible path, got a character of code 0; check it",
  );
});

test("those that people meet", () => {
  const codes = ["EACCES", "EROFS", "EMFILE", "ELOOP", "ENOTDIR", "ENAMETOOLONG", "ENOSPC"];
  expect(
    codes.flatMap((code) =>
      (["read", "write", "remove"] as const).map(
        (doing) => fileError("f", doing, failure(code)).message,
      ),
    ),
  ).toMatchInlineSnapshot(`
    [
      "f: cannot read, got EACCES; change its permissions",
      "f: cannot write, got EACCES; change the permissions or choose another folder",
      "f: cannot remove, got EACCES; change the permissions or choose another folder",
      "f: cannot write to a read-only file system, got EROFS; choose another folder",
      "f: cannot write to a read-only file system, got EROFS; choose another folder",
      "f: cannot remove it on a read-only file system, got EROFS; choose another folder",
      "f: too many files are open, got EMFILE; close other programs, or allow more with \`ulimit -n\`",
      "f: too many files are open, got EMFILE; close other programs, or allow more with \`ulimit -n\`",
      "f: too many files are open, got EMFILE; close other programs, or allow more with \`ulimit -n\`",
      "f: its links lead in a circle, got ELOOP; mend them or give another path",
      "f: its links lead in a circle, got ELOOP; mend them or give another path",
      "f: its links lead in a circle, got ELOOP; mend them or give another path",
      "f: a folder of its path is a file, got ENOTDIR; check the path",
      "f: its folder is a file, got ENOTDIR; choose another folder",
      "f: its folder is a file, got ENOTDIR; choose another folder",
      "f: the path is too long, got ENAMETOOLONG; choose a shorter one",
      "f: the path is too long, got ENAMETOOLONG; choose a shorter one",
      "f: the path is too long, got ENAMETOOLONG; choose a shorter one",
      "f: the disk is full, got ENOSPC; free some space",
      "f: the disk is full, got ENOSPC; free some space",
      "f: the disk is full, got ENOSPC; free some space",
    ]
  `);
});

test("what has no code is quoted, at most a line, and does nothing to a terminal", () => {
  const long = new Error(`first \u001b[31mred${"x".repeat(100)}\nsecond`);
  expect(fileError("a\u001bb", "read", long).message).toMatchInlineSnapshot(
    `"a\\u001bb: cannot read, got "first \\u001b[31mredxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"; check the path and the disk"`,
  );
  for (const thrown of ["text", undefined, null, { code: 7 }])
    expect(fileError("f", "write", thrown).message).toMatch(/^f: cannot write, got .+; check/);
  expect(reasonOf(failure("EIO"))).toBe("EIO");
});
