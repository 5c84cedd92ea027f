#include "lib/http/messages.h"

#include <stdlib.h>
#include <string.h>

const struct message messages[] = {
	{ "claim_address", "See your postal address." },
	{ "claim_birthdate", "See your date of birth." },
	{ "claim_email", "See your e-mail address." },
	{ "claim_email_verified", "See whether your e-mail address has been confirmed." },
	{ "claim_family_name", "See your family name." },
	{ "claim_gender", "See your gender." },
	{ "claim_given_name", "See your given name." },
	{ "claim_groups", "See which groups you belong to." },
	{ "claim_locale", "See your language." },
	{ "claim_name", "See your full name." },
	{ "claim_nickname", "See your nickname." },
	{ "claim_other", "See this about you: {claim}." },
	{ "claim_phone_number", "See your phone number." },
	{ "claim_phone_number_verified", "See whether your phone number has been confirmed." },
	{ "claim_picture", "See your picture." },
	{ "claim_preferred_username", "See your user name." },
	{ "claim_zoneinfo", "See your time zone." },
	{ "consent_account", "Signed in as {username}" },
	{ "consent_allow", "Allow" },
	{ "consent_asks", "If you allow it, {client_name} can:" },
	{ "consent_deny", "Deny" },
	{ "consent_destination", "From here you go on to the following address. Deny if you do not know it." },
	{ "consent_heading", "Allow {client_name} to use your account?" },
	{ "consent_known", "What you have allowed before" },
	{ "consent_native", "An app on this device is asking, and this server cannot tell which: another app could pretend to be "
		"{client_name}. Allow it only if you have just started it yourself." },
	{ "consent_nothing_new", "{client_name} asks for nothing beyond what you have allowed before." },
	{ "consent_policy", "Privacy policy" },
	{ "consent_resource", "Use {resource} in your name." },
	{ "consent_terms", "Terms of use" },
	{ "consent_website", "Website" },
	{ "email_invalid", "This does not look like an e-mail address. Please write it as name@example.org, or leave it empty." },
	{ "error_developer", "For the developer of the application" },
	{ "error_explain_bad_request", "The application that sent you here made a request that this server cannot follow. Nothing was "
		"changed. Please go back and try again; if that does not help, tell the people who run the application." },
	{ "error_explain_busy", "This server cannot take more requests at the moment, or had too many from your network. Nothing was "
		"changed. Please wait a little, then try again." },
	{ "error_explain_client_unknown", "The application that sent you here is not registered at this server, or no longer. Nothing "
		"was changed. Please tell the people who run the application." },
	{ "error_explain_expired", "This step has taken too long, or it was finished in another tab. Nothing was changed. Please go "
		"back to the application and start again." },
	{ "error_explain_forbidden", "The form came from another site, or it is too old, or your browser does not keep the cookies of "
		"this site. Nothing was changed. Please go back to the application and start again." },
	{ "error_explain_media_type", "What was sent is in a format that this address does not take. Nothing was changed. If an "
		"application sent you here, please tell the people who run it." },
	{ "error_explain_not_allowed", "This address cannot be used in this way. Nothing was changed. If you opened it by itself, "
		"please start at the application where you want to sign in." },
	{ "error_explain_not_found", "This address leads nowhere, or what it is for is switched off at this server. Please start again at "
		"the application where you want to sign in." },
	{ "error_explain_redirect_uri", "The address to which the application wants you to return is not registered for it. It may be a "
		"trap, so you were not sent there. Nothing was changed. Please tell the people who run the application." },
	{ "error_explain_server", "This server could not do what it was asked to do. It is not your fault. Please try again in a "
		"moment; if it happens again, tell the people who run this server, and give them the number below." },
	{ "error_explain_too_large", "The request was larger than this server takes. Nothing was changed." },
	{ "error_heading_bad_request", "This request cannot be followed" },
	{ "error_heading_busy", "The server is busy" },
	{ "error_heading_client_unknown", "This application is not known here" },
	{ "error_heading_expired", "This has taken too long" },
	{ "error_heading_forbidden", "This form was not accepted" },
	{ "error_heading_media_type", "This format is not understood" },
	{ "error_heading_not_allowed", "This page is not used like this" },
	{ "error_heading_not_found", "There is nothing here" },
	{ "error_heading_redirect_uri", "You were not sent on, for your safety" },
	{ "error_heading_server", "Something went wrong here" },
	{ "error_heading_too_large", "That was too much at once" },
	{ "error_label_code", "Error" },
	{ "error_label_description", "Description" },
	{ "error_label_status", "HTTP status" },
	{ "error_request_id", "Number of this request:" },
	{ "field_email", "E-mail address" },
	{ "field_name", "Your name" },
	{ "field_optional", "(optional)" },
	{ "field_password", "Password" },
	{ "field_username", "User name" },
	{ "footer", "This page belongs to {site_name}." },
	{ "form_post_submit", "Continue" },
	{ "form_post_text", "You are on your way back to the application. If nothing happens, please choose “Continue”." },
	{ "login_again", "Please enter your password again, to confirm that it is you." },
	{ "login_busy", "The server is very busy at the moment. Please try again in a few seconds." },
	{ "login_failed", "User name or password is wrong." },
	{ "login_for", "to continue to {client_name}" },
	{ "login_limited", "There were too many attempts to sign in. Please try again in a few minutes." },
	{ "login_signup_link", "Create one" },
	{ "login_signup_question", "No account yet?" },
	{ "login_stay", "Stay signed in" },
	{ "login_stay_hint", "Only on a device that nobody else uses." },
	{ "login_submit", "Sign in" },
	{ "login_wrong_user", "The application asks for a certain account, and this is another one. Please sign in with the account "
		"that you use there, or go back and start again." },
	{ "logout_client", "{client_name} asks to sign you out." },
	{ "logout_effect", "This ends your session at {site_name} in this browser. Applications where you are signed in may keep you "
		"signed in for a while." },
	{ "logout_heading", "Sign out?" },
	{ "logout_stay", "Stay signed in" },
	{ "logout_submit", "Sign out" },
	{ "name_invalid", "This name cannot be used. Please leave out control characters and keep it under 200 characters, or leave it "
		"empty." },
	{ "password_hide", "Hide" },
	{ "password_hide_label", "Hide password" },
	{ "password_hint", "At least {min_length} characters, of any kind. A few words that only you would put together are good." },
	{ "password_is_username", "The password must not be your user name. Please choose another one." },
	{ "password_malformed", "This password has characters that cannot be kept. Please choose another one." },
	{ "password_show", "Show" },
	{ "password_show_label", "Show password" },
	{ "password_too_long", "This password is too long. Please use at most 256 characters." },
	{ "password_too_short", "This password is too short. Use at least {min_length} characters: a few words are easy to remember." },
	{ "scope_address", "See your postal address." },
	{ "scope_email", "See your e-mail address, and whether it has been confirmed." },
	{ "scope_groups", "See which groups you belong to." },
	{ "scope_offline_access", "Stay connected while you are away, even when you are signed out here." },
	{ "scope_openid", "Sign you in: it recognises your account, and never sees your password." },
	{ "scope_other", "Use the permission “{scope}”." },
	{ "scope_phone", "See your phone number, and whether it has been confirmed." },
	{ "scope_profile", "See your profile: your name, user name, picture, language and the like." },
	{ "select_account_continue", "Continue as {username}" },
	{ "select_account_continue_name", "Continue as {display_name}" },
	{ "select_account_other", "Use another account" },
	{ "signed_out_heading", "You are signed out" },
	{ "signed_out_login", "Sign in again" },
	{ "signed_out_return", "Back to {client_name}" },
	{ "signed_out_return_unnamed", "Back to the application" },
	{ "signed_out_text", "Your session at {site_name} has ended in this browser." },
	{ "signup_for", "Afterwards you continue to {client_name}." },
	{ "signup_limited", "Too many accounts were created from your network. Please try again in an hour." },
	{ "signup_login_link", "Sign in" },
	{ "signup_login_question", "You have an account already?" },
	{ "signup_submit", "Create account" },
	{ "title_consent", "Allow access" },
	{ "title_error", "This did not work" },
	{ "title_form_post", "One moment" },
	{ "title_login", "Sign in" },
	{ "title_logout", "Sign out" },
	{ "title_select_account", "Choose an account" },
	{ "title_signed_out", "Signed out" },
	{ "title_signup", "Create an account" },
	{ "username_hint", "Letters a to z, digits, dots, hyphens and underscores." },
	{ "username_invalid", "This user name cannot be used. Please take 1 to 64 letters a to z, digits, dots, hyphens or underscores, "
		"beginning with a letter or a digit." },
	{ "username_taken", "Somebody has this user name already. Please choose another one." },
};

const size_t messages_count = sizeof messages / sizeof messages[0];

static int compare_key(const void *key, const void *item)
{
	return strcmp(key, ((const struct message *)item)->key);
}

const char *message_find(const char *key)
{
	const struct message *found = bsearch(key, messages, messages_count, sizeof messages[0], compare_key);
	return found ? found->text : NULL;
}

const char *message(const char *key)
{
	const char *text = message_find(key);
	return text ? text : key;
}
