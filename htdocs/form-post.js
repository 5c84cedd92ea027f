/* Sends the form of an authorization response (OAuth 2.0 Form Post Response Mode 2) without a click. */
const form = document.getElementById('form-post');

/* By the prototype: a field named "submit" would hide the form's own method. */
if (form) HTMLFormElement.prototype.submit.call(form);
