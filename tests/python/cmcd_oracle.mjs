// Decodes strings on standard input with @svta/cml-cmcd, whose module is the argument.
import { readFileSync } from 'node:fs';

const cmcd = await import(process.argv[2]);
const decoders = {
  text: cmcd.decodeCmcd,
  query: cmcd.fromCmcdQuery,
  headers: cmcd.fromCmcdHeaders,
  json: JSON.parse,
};

// An item without parameters is its value; a token is a text.
const plain = (key, given) => {
  if (given?.constructor?.name === 'SfItem' && !given.params) return plain(key, given.value);
  return typeof given === 'symbol' ? given.description : given;
};

const results = JSON.parse(readFileSync(0, 'utf8')).map(({ kind, value }) => {
  try {
    const data = decoders[kind](value);
    const issues = [...cmcd.validateCmcdKeys(data).issues, ...cmcd.validateCmcdValues(data).issues];
    const wrong = issues.filter((issue) => issue.severity === 'error').map((issue) => issue.key);
    return { keys: JSON.parse(JSON.stringify(data, plain)), wrong: [...new Set(wrong)].sort() };
  } catch {
    return { keys: null, wrong: [] };
  }
});
console.log(JSON.stringify(results));
