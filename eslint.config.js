import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "runs", "test/golden", "scripts/*.mjs", "eslint.config.js"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Messages print numbers and shapes; `${[1, 2]}` as "1,2" is how a shape is written here.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowArray: true, allowBoolean: true }],
      // Arithmetic on shapes and typed arrays whose bounds were checked by the typing rules (infer.ts).
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
);
