// As much of HTML as forms need.

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

export function unescapeHtml(text) {
	return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
		if (decimal)
			return String.fromCodePoint(Number(decimal));
		if (hex)
			return String.fromCodePoint(parseInt(hex, 16));
		return ENTITIES[name] ?? all;
	});
}

function attributes(tag) {
	const found = {};
	const pattern = /\s([a-z][\w-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi;
	for (const [, name, double, single, bare] of tag.matchAll(pattern))
		found[name.toLowerCase()] = unescapeHtml(double ?? single ?? bare ?? '');
	return found;
}

/** The visible text, roughly. */
export function textOf(html) {
	const body = html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, ' ');
	return unescapeHtml(body.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim();
}

/** Each form: action, method, fields (name, type, value, checked), buttons (name, value, text). */
export function formsOf(html) {
	const plain = html.replace(/<!--[\s\S]*?-->/g, '');
	return [...plain.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head, inside]) => {
		const form = { ...attributes(` ${head}`), fields: [], buttons: [] };
		for (const [, tag, rest, text] of inside.matchAll(/<(input|button|textarea)\b([^>]*)>(?:([^<]*)<\/(?:button|textarea)>)?/gi)) {
			const found = attributes(` ${rest}`);
			const kind = tag.toLowerCase();
			if (kind === 'button' || found.type === 'submit')
				form.buttons.push({ name: found.name, value: found.value ?? '', text: text ?? '' });
			else
				form.fields.push({ name: found.name, type: kind === 'textarea' ? kind : found.type ?? 'text', value: found.value ?? unescapeHtml(text ?? ''),
					checked: 'checked' in found });
		}
		return form;
	});
}
