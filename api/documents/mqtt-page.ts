import { createHash } from 'node:crypto';
import { errors } from '../../schemas/errors.ts';
import { examples } from '../examples.ts';
import type { Operation } from '../operation.ts';
import { Html, html, prose } from './html.ts';
import { membersOf, shownInput } from './input.ts';
import type { TopicMessage } from './messages.ts';
import { mqttStyle } from './mqtt-style.ts';
import type { Json } from './refs.ts';
import { answerExample, errorsOf } from './requests.ts';
import { schemaText } from './schema-text.ts';
import { tagOf, tagsOf } from './tags.ts';
import { type Topic, topics } from './topics.ts';

/** What may be on the page: its own style, and nothing else. */
export const mqttPagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(mqttStyle).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The MQTT side as one page without scripts, made of the same table and schemas as the AsyncAPI document. */
export function mqttPage(operations: readonly Operation[], version: string): string {
  const tags = tagsOf(operations.map(({ name }) => name));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Petrel over MQTT</title>
<style>${unescaped(mqttStyle)}</style>
</head>
<body>
<header>
<h1>Petrel over MQTT</h1>
<p class="dim">Version ${version}. Any MQTT 5 or 3.1.1 client is a chat client. The same for machines:
<a href="/asyncapi.json">asyncapi.json</a>. The HTTP API: <a href="/docs/">pages</a>,
<a href="/openapi.json">openapi.json</a>.</p>
</header>
<nav aria-label="Contents"><ul>
<li><a href="#topics">Topics</a></li>
${tags.map(({ name }) => html`<li><a href="#requests-${name}">Requests: ${name}</a></li>`)}
</ul></nav>
<main>
<h2 id="topics">Topics</h2>
${topics.map(topicOf)}
<h2 id="requests">Requests</h2>
<p>${prose(
    'Publish the input as a JSON object to `req/{operation}`. The answer goes to the Response Topic, which begins with `res/`, with the same Correlation Data; without a Response Topic to `res/{operation}`. A client without Correlation Data puts a `rid` into the input and finds it in the answer. No subscription is needed. An operation that is refused answers like this:',
  )}</p>
${code({ ok: false, error: { code: 'user.not-found', message: errors['user.not-found'].message, retryable: false } })}
${tags.map(
  ({ name, description = '' }) => html`<h3 id="requests-${name}">${name}</h3>
<p>${description}</p>
${operations.filter((one) => tagOf(one.name) === name).map(requestOf)}`,
)}
</main>
</body>
</html>
`;
  return page.text;
}

/** The style stands in the page as it is: its hash is what the policy allows. */
const unescaped = (text: string): Html => new Html(text);

const code = (value: unknown): Html => html`<pre><code>${JSON.stringify(value)}</code></pre>`;

const members = (all: readonly { name: string; schema: object; required: boolean }[]): Html =>
  html`<dl>${all.map(({ name, schema, required }) => {
    const { description } = schema as { description?: string };
    return html`<dt><code>${name}</code>${required ? '' : html` <span class="dim">optional</span>`}</dt>
<dd>${schemaText(schema as Json)}${description === undefined ? '' : html` <span class="dim">${prose(description)}</span>`}</dd>`;
  })}</dl>`;

const membersOfSchema = (schema: object): { name: string; schema: object; required: boolean }[] => {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, object>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, inner]) => ({
    name,
    schema: inner,
    required: required.includes(name),
  }));
};

const messageOf = ({ name, summary, payload, examples: shown }: TopicMessage): Html => html`<details>
<summary><code>${name}</code> ${prose(summary)}</summary>
<div><h4>Members</h4>${members(membersOfSchema(payload))}
<h4>Example</h4>${shown.map(code)}</div>
</details>`;

const topicOf = ({ address, direction, summary, description, messages }: Topic): Html => html`<section>
<h3><code>${address}</code> <span class="way">${direction === 'in' ? 'you publish' : 'to you'}</span></h3>
<p>${summary}. ${prose(description)}</p>
${messages.map(messageOf)}
</section>`;

function requestOf(operation: Operation): Html {
  const { name, summary, access, output, status } = operation;
  const example = examples[name] ?? {};
  const asked = membersOf(operation);
  return html`<details id="${name}">
<summary><code>req/${name}</code> ${prose(summary)}</summary>
<div>
${access === 'user' ? '' : html`<p class="dim">${prose(access === 'admin' ? 'Needs the scope `admin`.' : 'Needs no account.')}</p>`}
<h4>Input</h4>${asked.length === 0 ? html`<p class="dim">None.</p>` : members(asked)}
<h4>Example</h4>${code(example.input ?? shownInput(operation))}
<h4>Answer</h4>${code(answerExample(example))}
${status === 204 ? '' : members(membersOfSchema(output))}
<h4>Errors</h4><p>${errorsOf(operation).map((one) => html`<code>${one}</code> `)}</p>
</div>
</details>`;
}
