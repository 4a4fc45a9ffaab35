import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "dist",
      "docs/api",
      ".cache",
      "test/golden",
      "scripts/*.mjs",
      "bench/tab/*.mjs",
      "eslint.config.js",
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Messages print numbers and shapes; `${[1, 2]}` as "1,2" is how a shape is written here.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowArray: true, allowBoolean: true },
      ],
      // There are no classes with state in this code base: what looks like a method is a closure and may be taken apart.
      "@typescript-eslint/unbound-method": "off",
      // An underscore says that a value is left out on purpose.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      // Arithmetic on shapes and typed arrays whose bounds were checked by the typing rules (infer.ts).
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
);
