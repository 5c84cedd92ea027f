/* Niceties for the forms of the sign-in pages. Everything works without this file. */

function addReveal(wrapper) {
	const field = wrapper.querySelector('input');
	const button = document.createElement('button');
	const texts = wrapper.dataset;
	const show = (visible) => {
		field.type = visible ? 'text' : 'password';
		button.textContent = visible ? texts.hide : texts.show;
		button.setAttribute('aria-label', visible ? texts.hideLabel : texts.showLabel);
	};
	button.type = 'button';
	button.className = 'reveal-button';
	button.setAttribute('aria-controls', field.id);
	button.addEventListener('click', () => {
		show(field.type === 'password');
		field.focus();
	});
	/* Hidden again before it is sent, so that the browser neither stores it as plain text nor suggests it later. */
	field.form.addEventListener('submit', () => show(false));
	show(false);
	wrapper.append(button);
}

/* A second click must not send a flow's one-time form twice. */
function sendOnce(form) {
	const mark = (sent) => {
		form.toggleAttribute('data-sent', sent);
		form.toggleAttribute('aria-busy', sent);
		if (sent) form.setAttribute('aria-busy', 'true');
	};
	form.addEventListener('submit', (event) => {
		if (form.hasAttribute('data-sent')) event.preventDefault();
		else mark(true);
	});
	/* Back from the next page, out of the browser's cache: it may be sent again. */
	window.addEventListener('pageshow', () => mark(false));
}

/* Where something is to be corrected, the first empty field that needs a value; the cursor is there already otherwise. */
function focusFirstGap() {
	if (!document.getElementById('error')) return;
	const gap = [...document.querySelectorAll('input[required]')].find((field) => field.value === '');
	if (gap) gap.focus();
}

document.querySelectorAll('.reveal').forEach(addReveal);
document.querySelectorAll('form').forEach(sendOnce);
focusFirstGap();
