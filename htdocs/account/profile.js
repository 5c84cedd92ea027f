/* The claims of OpenID Connect Core 5.1 that a user may change, and the e-mail address. */
import { get, post } from './api.js';
import { announce, ask, button, element, facts, field, panel, paragraph, perform, problemLine } from './ui.js';

export const title = 'Profile';

const DRAFT = 'latchkey-profile';

const zones = () => Intl.supportedValuesOf?.('timeZone') ?? [];
const url = { type: 'url', inputmode: 'url', placeholder: 'https://' };

/* Groups of fields, in the order that a person would think of them. */
const GROUPS = [
	['Name', [
		['name', 'Full name', { autocomplete: 'name' }],
		['given_name', 'First name', { autocomplete: 'given-name' }],
		['middle_name', 'Middle name', { autocomplete: 'additional-name' }],
		['family_name', 'Family name', { autocomplete: 'family-name' }],
		['nickname', 'Nickname', { autocomplete: 'nickname' }],
	]],
	['About you', [
		['picture', 'Address of your picture', { ...url, autocomplete: 'photo', hint: 'Applications load it from there.' }],
		['profile', 'Address of your profile page', url],
		['website', 'Website', { ...url, autocomplete: 'url' }],
		['gender', 'Gender', { autocomplete: 'sex' }],
		['birthdate', 'Date of birth', { autocomplete: 'bday', hint: 'Year, month and day, as in 1990-12-31; or the year alone.' }],
	]],
	['Contact', [
		['phone_number', 'Phone number', { type: 'tel', autocomplete: 'tel', hint: 'With the country, as in +43 1 234567.' }],
		['address.street_address', 'Street and number', { kind: 'textarea', rows: 2, autocomplete: 'street-address' }],
		['address.postal_code', 'Postal code', { autocomplete: 'postal-code' }],
		['address.locality', 'City', { autocomplete: 'address-level2' }],
		['address.region', 'State or region', { autocomplete: 'address-level1' }],
		['address.country', 'Country', { autocomplete: 'country-name' }],
		['address.formatted', 'The whole address, as on a letter', { kind: 'textarea', rows: 4, rare: true }],
	]],
	['Language and time', [
		['locale', 'Language', { hint: 'A language tag, as in en-GB or de-AT.', autocomplete: 'language' }],
		['zoneinfo', 'Time zone', { list: 'zones', hint: 'As in Europe/Vienna.' }],
	]],
];

const LABELS = { groups: 'Groups', preferred_username: 'User name', updated_at: null, sub: null };

const text = (value) => (value === undefined || value === null ? '' : String(value));

function read(claims, name) {
	const [claim, member] = name.split('.');
	return text(member ? claims[claim]?.[member] : claims[claim]).replaceAll('\r\n', '\n');
}

/* What was typed and not saved, over a change of section or a sign-in: { username, fields }. */
function loadDraft(username) {
	try {
		const draft = JSON.parse(sessionStorage.getItem(DRAFT));
		return draft?.username === username ? draft.fields : {};
	} catch {
		return {};
	}
}

class Form {
	constructor(profile, reload) {
		this.profile = profile;
		this.reload = reload;
		this.fields = {};
		this.problem = problemLine();
		this.conflict = element('div', { class: 'warning', role: 'alert', hidden: true },
			element('p', {}, 'Your profile was changed in another tab or on another device in the meantime. What you typed is still here, and was not saved.'),
			button('Load the changes, keep what I typed', () => this.merge()));
		const groups = GROUPS.map(([name, rows]) => this.group(name, rows)).filter(Boolean);
		this.submit = element('button', { class: 'button primary' }, 'Save');
		this.discard = button('Discard changes', () => this.forget());
		this.node = element('form', { class: 'form', novalidate: true, id: 'profile-form' }, element('datalist', { id: 'zones' }, zones().map((zone) => element('option', { value: zone }))),
			groups, this.conflict, this.problem, element('div', { class: 'actions' }, this.submit, this.discard));
		this.node.addEventListener('input', () => this.remember());
		this.node.addEventListener('submit', (event) => {
			event.preventDefault();
			this.save();
		});
		for (const [key, value] of Object.entries(loadDraft(profile.username))) {
			if (this.fields[key]) this.fields[key].input.value = value;
		}
		this.remember();
	}

	group(name, rows) {
		const made = rows.filter(([key, , more]) => this.profile.editable.includes(key.split('.')[0]) && (!more.rare || read(this.profile.claims, key)))
			.map(([key, label, { rare, ...more }]) => {
				this.fields[key] = field({ name: key, label, value: read(this.profile.claims, key), ...more });
				return this.fields[key].node;
			});
		return made.length > 0 && element('fieldset', {}, element('legend', {}, name), element('div', { class: 'grid' }, made));
	}

	changed() {
		return Object.entries(this.fields).filter(([key, one]) => one.input.value.trim() !== read(this.profile.claims, key).trim());
	}

	remember() {
		const changed = this.changed();
		this.discard.hidden = changed.length === 0;
		if (changed.length === 0) sessionStorage.removeItem(DRAFT);
		else sessionStorage.setItem(DRAFT, JSON.stringify({ username: this.profile.username, fields: Object.fromEntries(changed.map(([key, one]) => [key, one.input.value])) }));
	}

	forget() {
		sessionStorage.removeItem(DRAFT);
		this.reload({ focus: 'claims-title' });
	}

	/* Only what was changed; an address goes as a whole. */
	claims() {
		const claims = {};
		for (const [key, one] of this.changed()) {
			if (key.startsWith('address.')) {
				const members = Object.entries(this.fields).filter(([name, { input }]) => name.startsWith('address.') && input.value.trim())
					.map(([name, { input }]) => [name.slice('address.'.length), input.value.trim()]);
				claims.address = members.length > 0 ? Object.fromEntries(members) : null;
			} else {
				claims[key] = one.input.value.trim() || null;
			}
		}
		return claims;
	}

	async save() {
		this.conflict.hidden = true;
		const other = (error) => {
			if (!error.conflict) return false;
			this.conflict.hidden = false;
			this.conflict.querySelector('button').focus();
			return true;
		};
		await perform({ form: this.node, fields: this.fields, problem: this.problem, other, work: async () => {
			const claims = this.claims();
			if (Object.keys(claims).length > 0) await post('profile', { version: this.profile.version, claims });
			sessionStorage.removeItem(DRAFT);
			await this.reload({ focus: 'claims-title' });
			announce(Object.keys(claims).length > 0 ? 'Your profile is saved.' : 'There was nothing to save.');
		} });
	}

	/* Takes what others saved, except where the user typed something else: there the saved value is told. */
	async merge() {
		await perform({ form: this.conflict, fields: this.fields, problem: this.problem, work: async () => {
			const profile = await get('profile');
			const mine = new Set(this.changed().map(([key]) => key));
			for (const [key, one] of Object.entries(this.fields)) {
				const before = read(this.profile.claims, key);
				const now = read(profile.claims, key);
				if (!mine.has(key)) one.input.value = now;
				one.setNote(mine.has(key) && now !== before ? `Saved elsewhere: ${now || '(removed)'}` : null);
			}
			this.profile = profile;
			this.conflict.hidden = true;
			this.submit.focus();
			announce('The changes are loaded. Look over the form, then save.');
		} });
	}
}

function changeEmail(context, profile) {
	const { reload, isFresh } = context;
	const email = field({ name: 'email', label: 'New e-mail address', type: 'email', autocomplete: 'email', required: true, value: context.intent?.value ?? '' });
	const intent = { name: 'email' };
	if (!isFresh(intent)) return;
	ask({
		title: 'Change your e-mail address',
		content: [paragraph('A link goes to the new address. Only when you open it does the new address count; the old one is told.'), email.node],
		confirm: 'Send the link',
		fields: { email },
		intent,
		work: async () => {
			intent.value = email.input.value.trim();
			try {
				await post('email', { action: 'change', version: profile.version, email: intent.value });
			} catch (error) {
				if (!error.conflict) throw error;
				/* The address itself is what counts here: take the newest version, and leave it to the user to send again. */
				profile.version = (await get('profile')).version;
				error.message = 'Your account was changed in another tab or on another device. Nothing was sent; send again if the address is still what you want.';
				throw error;
			}
			await reload({ focus: 'email-title' });
			announce(`A link is on its way to ${intent.value}.`);
		},
	});
}

function emailPanel(context, profile) {
	const { account, reload } = context;
	const problem = problemLine();
	const cancel = button('Cancel the change', () => perform({ form: cancel, problem, work: async () => {
		await post('email', { action: 'cancel', version: profile.version });
		await reload({ focus: 'email-title' });
		announce('Your address stays as it is.');
	}, other: (error) => error.fresh && (context.account.fresh = false, context.isFresh({ name: 'email-cancel' }), true) }));
	return panel('email', 'E-mail address',
		element('p', { class: 'value' }, account.email ?? 'You have none yet.', ' ',
			account.email && element('span', { class: account.email_verified ? 'tag good' : 'tag' }, account.email_verified ? 'verified' : 'not verified')),
		profile.pending_email && element('div', { class: 'notice' }, element('p', {}, 'Waiting for you to open the link that was sent to ', element('strong', {}, profile.pending_email), '.'), problem, cancel),
		element('div', { class: 'actions' }, button(account.email ? 'Change' : 'Add an address', () => changeEmail(context, profile), { id: 'change-email' })));
}

/* What somebody else set: groups and the like. */
function fixedPanel(profile) {
	const known = ['email', 'email_verified', 'phone_number_verified', 'name', 'address'];
	const rows = Object.entries(profile.claims).filter(([name]) => !profile.editable.includes(name) && !known.includes(name) && LABELS[name] !== null)
		.map(([name, value]) => [LABELS[name] ?? name, typeof value === 'object' ? (Array.isArray(value) ? value.join(', ') : JSON.stringify(value)) : text(value)]);
	return rows.length > 0 && panel('fixed', 'Set by your organisation', paragraph('Applications may see this as well. You cannot change it here.', 'hint'), facts(rows));
}

export async function render(context) {
	const profile = await get('profile');
	context.profile = profile;
	const form = new Form(profile, context.reload);
	return [
		emailPanel(context, profile),
		panel('claims', 'Your details', paragraph('All of it is optional. Applications see what you let them see.', 'hint'), form.node),
		fixedPanel(profile),
	].filter(Boolean);
}

export function begin(context) {
	if (context.intent?.name === 'email') changeEmail(context, context.profile);
}
