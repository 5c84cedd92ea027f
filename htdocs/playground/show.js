/* Builds what the page shows. Text stays text: nothing that came over the network is ever read as HTML. */

export function element(name, attributes = {}, ...children) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
	}
	made.append(...children.filter((child) => child !== undefined && child !== null));
	return made;
}

/* A card for one step, at the end of the page. `clause` is [text, address] of the specification. */
export function step(id, title, clause, ...children) {
	const list = document.getElementById('steps');
	const number = list.children.length + 1;
	list.hidden = false;
	list.append(element('li', { class: 'step', id: `step-${id}` },
		element('span', { class: 'number', 'aria-hidden': 'true' }, String(number)),
		element('h2', {}, title),
		element('p', { class: 'clause' }, element('a', { href: clause[1], rel: 'noreferrer' }, clause[0])),
		...children));
}

/* Something long in a fixed font. It can be scrolled by keyboard, so it has a name and takes the focus. */
export function code(label, text, id) {
	return element('figure', { class: 'code' },
		element('figcaption', {}, label),
		element('pre', { tabindex: '0', role: 'group', 'aria-label': label, id }, text));
}

export function json(label, value, id) {
	return code(label, typeof value === 'string' ? value : JSON.stringify(value, null, 2), id);
}

/* Names, values and what they are for; `explain` maps a name to a sentence. */
export function explained(label, values, explain) {
	const rows = Object.entries(values).map(([name, value]) => element('div', {},
		element('dt', {}, element('code', {}, name)),
		element('dd', {},
			element('code', { class: 'value' }, typeof value === 'string' ? value : JSON.stringify(value)),
			Object.hasOwn(explain, name) ? element('p', {}, explain[name]) : undefined)));
	return element('figure', { class: 'explained' }, element('figcaption', {}, label), element('dl', {}, ...rows));
}

/* Checks, each { name, ok, text, found }. */
export function checks(id, label, list) {
	return element('div', {},
		element('h3', { id: `${id}-label` }, label),
		element('ul', { class: 'checks', id, 'aria-labelledby': `${id}-label` }, ...list.map((check) =>
			element('li', { 'data-check': check.name, 'data-ok': String(check.ok) },
				element('span', { class: 'mark', 'aria-hidden': 'true' }, check.ok ? '✓' : '✗'),
				element('div', {},
					element('p', {}, element('span', { class: 'unseen' }, check.ok ? 'Passed: ' : 'Failed: '),
						element('code', {}, check.name), ' ', check.text),
					check.found === undefined ? undefined : element('p', { class: 'found' }, check.found))))));
}

export function paragraph(text, kind) {
	return element('p', { class: kind }, text);
}

/* The one sentence at the top that says how it went. */
export function say(id, text) {
	const place = document.getElementById(id);
	place.textContent = text;
	place.hidden = false;
}
