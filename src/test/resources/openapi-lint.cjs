// Lints an OpenAPI document: node openapi-lint.cjs MODULES FILE; a line for each problem, exit code 1 if there are any.
const [modules, ref] = process.argv.slice(2);
const { lint, createConfig } = require(modules + '/@redocly/openapi-core');

(async () => {
  const config = await createConfig({
    extends: ['recommended'],
    // Every operation's default response is the problem document.
    rules: { 'operation-4xx-response': 'off' },
  });
  const problems = await lint({ ref, config });
  for (const p of problems) {
    console.log(`${p.ruleId} ${p.location[0].pointer ?? ''}: ${p.message}`);
  }
  process.exitCode = problems.length ? 1 : 0;
})();
