/* The account page: which section is shown, and what all of them share. */
import { connect, leaveForLogin, logoutUrl, overview, post, remembered } from './api.js';
import { announce, askFresh, button, element, panel, perform, problemLine, time } from './ui.js';
import * as applications from './applications.js';
import * as data from './data.js';
import * as front from './overview.js';
import * as profile from './profile.js';
import * as security from './security.js';
import * as sessions from './sessions.js';

const SECTIONS = { overview: front, profile, security, applications, sessions, data };
const heading = document.getElementById('heading');
const place = document.getElementById('section');

let turn = 0; /* a slow answer for a section that was left is dropped */
let intent;

const current = () => (Object.hasOwn(SECTIONS, location.hash.slice(1)) ? location.hash.slice(1) : 'overview');

function showHeading(id, site) {
	heading.textContent = SECTIONS[id].title;
	document.title = `${SECTIONS[id].title} – ${site}`;
	for (const link of document.querySelectorAll('#nav a')) {
		if (link.hash === `#${id}`) link.setAttribute('aria-current', 'page');
		else link.removeAttribute('aria-current');
	}
}

function showFrame(account) {
	document.getElementById('site').textContent = account.site_name;
	document.getElementById('who').textContent = account.name || account.username;
	document.getElementById('nav').hidden = false;
	const banner = document.getElementById('banner');
	if (!account.deletion_at) {
		banner.replaceChildren();
		return;
	}
	const problem = problemLine();
	const keep = button('Keep my account', () => perform({ form: keep, problem, work: async () => {
		await post('deletion', { action: 'cancel' });
		await show();
		heading.focus();
		announce('Your account stays.');
	} }));
	banner.replaceChildren(element('div', { class: 'warning deletion', role: 'region', 'aria-label': 'Deletion of your account' },
		element('p', {}, element('strong', {}, 'This account will be deleted on '), time(account.deletion_at), '. Until then you can change your mind.'),
		problem, keep));
}

function showFailure(error) {
	place.replaceChildren(panel('failure', 'This could not be loaded',
		element('p', { role: 'alert' }, error.message), element('p', {}, button('Try again', () => { show().then(() => heading.focus()); }, { class: 'button primary' }))));
	if (!error.status && error.status !== 0) console.error(error);
}

/* `focus`: the id of what gets the cursor afterwards. */
async function show({ focus } = {}) {
	const mine = ++turn;
	const id = current();
	place.setAttribute('aria-busy', 'true');
	const waiting = setTimeout(() => place.replaceChildren(element('p', { class: 'loading', role: 'status' }, 'Loading…')), 250);
	try {
		const elsewhere = await connect();
		if (elsewhere) {
			place.replaceChildren(panel('elsewhere', 'This page lives at another address',
				element('p', {}, 'Your account is at ', element('a', { href: elsewhere }, elsewhere), '.')));
			return;
		}
		document.getElementById('sign-out').href = logoutUrl();
		const account = await overview();
		if (mine !== turn) return;
		showFrame(account);
		showHeading(id, account.site_name);
		const context = { account, intent, reload: show, isFresh: (what) => account.fresh || (askFresh(what), false) };
		intent = undefined;
		const nodes = await SECTIONS[id].render(context);
		if (mine !== turn) return;
		place.replaceChildren(...nodes);
		if (focus) (document.getElementById(focus) ?? heading).focus();
		SECTIONS[id].begin?.(context);
	} catch (error) {
		if (mine === turn && error.fresh) await leaveForLogin(intent); /* a second factor is demanded by now */
		if (mine === turn) showFailure(error);
	} finally {
		clearTimeout(waiting);
		if (mine === turn) place.removeAttribute('aria-busy');
	}
}

window.addEventListener('hashchange', () => {
	if (location.hash === '#main') return;
	document.querySelectorAll('dialog[open]').forEach((one) => one.close());
	announce('');
	place.replaceChildren();
	heading.textContent = SECTIONS[current()].title;
	heading.focus();
	window.scrollTo(0, 0);
	show();
});
/* Back from another page: somebody else may be signed in by now, or nobody. */
window.addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
document.getElementById('toast-close').addEventListener('click', () => {
	announce('');
	heading.focus();
});
document.getElementById('skip').addEventListener('click', (event) => {
	event.preventDefault();
	heading.focus();
});

const back = remembered();
if (back && !location.hash && back.hash) history.replaceState(null, '', back.hash);
intent = back?.intent;
show();
