/* What the sections are made of. Text goes into the page as text only. */
import { ApiError, leaveForLogin } from './api.js';

export function element(name, properties = {}, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(properties)) {
		if (value === undefined || value === null || value === false) continue;
		if (typeof value === 'function') node.addEventListener(key, value);
		else node.setAttribute(key, value === true ? '' : value);
	}
	node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
	return node;
}

export const paragraph = (text, type) => element('p', { class: type }, text);
export const button = (label, click, properties = {}) => element('button', { type: 'button', class: 'button', click, ...properties }, label);

export function panel(id, title, ...children) {
	return element('section', { class: 'panel', id, 'aria-labelledby': `${id}-title` },
		element('h2', { id: `${id}-title`, tabindex: '-1' }, title), children);
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

export function time(seconds, { daysOnly = false } = {}) {
	if (!Number.isFinite(seconds)) return 'never';
	const date = new Date(seconds * 1000);
	return element('time', { datetime: date.toISOString(), title: date.toLocaleString() }, (daysOnly ? day : moment).format(date));
}

/* How long, in whole days, below two days in hours: never more than it is. */
export function duration(seconds) {
	const [size, unit] = seconds >= 172800 ? [86400, 'day'] : seconds >= 3600 ? [3600, 'hour'] : [60, 'minute'];
	const count = Math.floor(seconds / size);
	return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

export const facts = (pairs) => element('dl', { class: 'facts' },
	pairs.filter(Boolean).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))));

/* A foreign picture, if it is one that the policy lets in; it learns nothing of where it is shown. What cannot be loaded goes. */
export function picture(url, { size, type }, instead) {
	let fine = false;
	try {
		fine = new URL(url).protocol === 'https:';
	} catch { /* no URL: no picture */ }
	if (!fine) return instead;
	const image = element('img', { class: type, src: url, alt: '', width: size, height: size, referrerpolicy: 'no-referrer', loading: 'lazy' });
	image.addEventListener('error', () => image.replaceWith(instead));
	return image;
}

export const initial = (name, type) => element('span', { class: `${type} initial`, 'aria-hidden': 'true' }, (Array.from(name)[0] ?? '?').toUpperCase());

let hiding;

export function announce(text) {
	const toast = document.getElementById('toast');
	clearTimeout(hiding);
	toast.hidden = !text;
	document.getElementById('status').textContent = text;
	if (text) hiding = setTimeout(() => { toast.hidden = true; }, 12000);
}

export async function copy(text, what) {
	try {
		await navigator.clipboard.writeText(text);
		announce(`${what} copied.`);
		return `${what} copied.`;
	} catch {
		return 'Your browser does not let this page copy. Please select and copy it yourself.';
	}
}

export function save(name, text, type) {
	const url = URL.createObjectURL(new Blob([text], { type }));
	element('a', { href: url, download: name }).click();
	setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/* A labelled field that can show a problem of its own. `kind`: input or textarea; all else are attributes of it. */
export function field({ name, label, hint, value = '', kind = 'input', optional = false, ...attributes }) {
	const id = `field-${name.replaceAll('.', '-')}`;
	const input = element(kind, { id, name, ...attributes });
	const problem = element('p', { class: 'problem', id: `${id}-problem`, role: 'alert' });
	const note = element('p', { class: 'hint', id: `${id}-note`, hidden: true });
	const describe = () => {
		const ids = [hint && `${id}-hint`, !note.hidden && note.id, problem.textContent && problem.id].filter(Boolean);
		if (ids.length) input.setAttribute('aria-describedby', ids.join(' '));
		else input.removeAttribute('aria-describedby');
	};
	input.value = value;
	const made = {
		input,
		setProblem(text) {
			problem.textContent = text ?? '';
			input.toggleAttribute('aria-invalid', Boolean(text));
			if (text) input.setAttribute('aria-invalid', 'true');
			describe();
		},
		setNote(text) {
			note.textContent = text ?? '';
			note.hidden = !text;
			describe();
		},
		node: element('div', { class: 'field' },
			element('label', { for: id }, label, optional && element('span', { class: 'optional' }, ' (optional)')),
			input, hint && element('p', { class: 'hint', id: `${id}-hint` }, hint), note, problem),
	};
	describe();
	return made;
}

export function addReveal(made) {
	const wrapper = element('div', { class: 'reveal' });
	made.input.replaceWith(wrapper);
	const toggle = element('button', { type: 'button', class: 'reveal-button', 'aria-controls': made.input.id });
	const show = (visible) => {
		made.input.type = visible ? 'text' : 'password';
		toggle.textContent = visible ? 'Hide' : 'Show';
		toggle.setAttribute('aria-label', visible ? 'Hide the password' : 'Show the password');
	};
	toggle.addEventListener('click', () => {
		show(made.input.type === 'password');
		made.input.focus();
	});
	wrapper.append(made.input, toggle);
	show(false);
	return made;
}

/*
 * Does `work` once at a time for a form: its buttons are off meanwhile, and what goes wrong is said at the field (`fields` by
 * name), else in `problem`. `other` may take an error (a fresh sign-in, a conflict); one that is `shown` was told already.
 */
export async function perform({ form, fields = {}, problem, work, other }) {
	if (form.getAttribute('aria-busy') === 'true') return undefined;
	const focused = document.activeElement;
	form.setAttribute('aria-busy', 'true');
	problem.hidden = true;
	Object.values(fields).forEach((one) => one.setProblem());
	try {
		return await work();
	} catch (error) {
		if (error.shown || other?.(error)) return undefined;
		const place = fields[error.field] ?? fields[Object.keys(fields).find((name) => name.startsWith(`${error.field}.`))];
		if (place) {
			place.setProblem(error.message);
			place.input.focus();
		} else {
			problem.textContent = error instanceof ApiError || error.told ? error.message : `Something in this page went wrong: ${error.message}`;
			problem.hidden = false;
			focused?.focus?.();
		}
		return undefined;
	} finally {
		form.removeAttribute('aria-busy');
	}
}

export const problemLine = () => element('p', { class: 'alert', role: 'alert', hidden: true });

/* The cursor goes to what opened a dialog, or where that is gone, to the heading it stood under. */
function giveFocusBack(opener, home) {
	if (opener?.isConnected) opener.focus();
	else (home?.isConnected ? home : document.getElementById('heading')).focus();
}

/*
 * Asks in a dialog. `work` runs when it is confirmed, and the dialog closes when that is done: the promise gives what it
 * gave, or undefined if it was left. `keep`: it ends with its button only. `intent`: how to come back after a fresh sign-in.
 */
export function ask({ title, content = [], confirm, cancel = 'Cancel', danger = false, wide = false, keep = false, fields = {}, intent, work, closed }) {
	return new Promise((resolve) => {
		const opener = document.activeElement;
		const home = opener?.closest('.panel')?.querySelector('h2');
		const problem = problemLine();
		const close = cancel && button(cancel, () => dialog.close(), { autofocus: danger });
		const form = element('form', { class: 'form', novalidate: true },
			element('h2', { id: 'dialog-title', tabindex: '-1', autofocus: !danger && Object.keys(fields).length === 0 }, title), content, problem,
			element('div', { class: 'actions' }, confirm && element('button', { class: `button ${danger ? 'danger' : 'primary'}` }, confirm), close));
		const dialog = element('dialog', { class: wide ? 'wide' : undefined, 'aria-labelledby': 'dialog-title' }, form);
		let result;
		form.addEventListener('submit', async (event) => {
			event.preventDefault();
			const other = (error) => {
				if (!error.fresh) return false;
				dialog.close();
				askFresh(intent);
				return true;
			};
			await perform({ form, fields, problem, other, work: async () => {
				result = await work() ?? true;
				dialog.close();
			} });
		});
		dialog.addEventListener('cancel', (event) => { if (keep) event.preventDefault(); });
		dialog.addEventListener('close', () => {
			dialog.remove();
			if (!document.querySelector('dialog[open]')) giveFocusBack(opener, home);
			closed?.();
			resolve(result);
		});
		document.body.append(dialog);
		announce('');
		dialog.showModal();
		if (!danger) Object.values(fields)[0]?.input.focus();
	});
}

export function askFresh(intent) {
	return ask({
		title: 'Please sign in again',
		content: [paragraph('Your last sign-in was a while ago. Before this is changed, make sure that it is you. Afterwards you come back here.')],
		confirm: 'Sign in again',
		work: () => leaveForLogin(intent),
	});
}

/* A list that grows by pages. `load(after)` gives { items, next }; `row(item, remove)` a list item. */
export async function pagedList({ load, row, empty, label }) {
	const list = element('ul', { class: 'rows', 'aria-label': label });
	const nothing = paragraph(empty, 'empty');
	const problem = problemLine();
	const more = button('Show more', () => grow(true), { class: 'button more' });
	let next;
	const update = () => {
		nothing.hidden = list.childElementCount > 0 || Boolean(next);
		list.hidden = list.childElementCount === 0;
		more.hidden = !next;
	};
	const add = (page) => {
		const rows = page.items.map((item) => {
			const made = row(item, () => { made.remove(); update(); });
			return made;
		});
		list.append(...rows);
		next = page.next;
		update();
		return rows;
	};
	const grow = () => perform({ form: more, problem, work: async () => {
		const [first] = add(await load(next));
		if (first) {
			first.tabIndex = -1;
			first.focus();
		}
	} });
	add(await load());
	return { nodes: [nothing, list, problem, more], list, count: () => list.childElementCount, hasMore: () => Boolean(next) };
}
