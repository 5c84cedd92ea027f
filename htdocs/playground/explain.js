/* What things are for: one sentence each, and where the specifications say it. */

const core = (clause, anchor) => [`OpenID Connect Core ${clause}`, `https://openid.net/specs/openid-connect-core-1_0.html#${anchor}`];
const rfc = (number, clause) => [`RFC ${number}, ${clause}`, `https://www.rfc-editor.org/rfc/rfc${number}#section-${clause}`];

export const clauses = {
	request: core('3.1.2.1', 'AuthRequest'),
	redirect: rfc(9207, '2.4'),
	token: rfc(6749, '4.1.3'),
	idToken: core('3.1.3.7', 'IDTokenValidation'),
	accessToken: rfc(9068, '2.2'),
	userinfo: core('5.3', 'UserInfo'),
	error: core('3.1.2.6', 'AuthError'),
};

export const scopes = {
	openid: 'who you are, as an identifier; without it this is OAuth only',
	profile: 'name, user name, picture and the like',
	email: 'e-mail address',
	address: 'postal address',
	phone: 'phone number',
	groups: 'groups',
	offline_access: 'access while you are away',
};

export const parameters = {
	response_type: 'The application wants a code, which is worth nothing without what the application keeps to itself.',
	client_id: 'Which application asks. It is no secret.',
	redirect_uri: 'Where you are sent back to. It must be registered, to the byte, or else anybody could have your code.',
	scope: 'What the application would like to have.',
	state: 'Random, kept in this tab: ties the answer to this request, so that nobody can slip you their own sign-in.',
	nonce: 'Random, comes back inside the ID token: a token of another sign-in does not have it.',
	code_challenge: 'The SHA-256 of a secret that stays in this tab (PKCE): whoever steals the code cannot use it.',
	code_challenge_method: 'How the challenge was made. “plain” would protect nothing.',
	prompt: 'What the server is to ask you, whatever it remembers.',
	max_age: 'How many seconds ago you may have signed in at most.',
};

export const answer = {
	code: 'Good for one use, within a minute, together with the code_verifier.',
	state: 'Must be the state that was sent.',
	iss: 'Which server answers: an application that knows several must not take the answer of one to another.',
	error: 'Why there is no code.',
	error_description: 'The same in words, for the developer.',
	error_uri: 'Where to read more.',
};

export const tokenParameters = {
	grant_type: 'A code is exchanged.',
	code: 'The code from the address of this page.',
	redirect_uri: 'The same as in the first request.',
	client_id: 'This application has no secret, since a page in a browser could not keep one.',
	code_verifier: 'The secret of PKCE. The server compares its SHA-256 with code_challenge.',
};

export const tokenAnswer = {
	access_token: 'For calling a server on your behalf. Not for the application to look into.',
	token_type: 'Whoever bears it may use it: it belongs into an Authorization header, never into an address.',
	expires_in: 'Seconds until the access token ends.',
	scope: 'What was granted, perhaps less than what was asked for.',
	id_token: 'Says who signed in, for this application alone.',
	refresh_token: 'Gets new tokens without you, until it is revoked.',
};

export const claims = {
	iss: 'Who says so: the issuer.',
	sub: 'You: an identifier that never changes and is never given to anybody else. An application stores iss and sub.',
	aud: 'Whom it is meant for. Anybody else must refuse it.',
	azp: 'The application that got it.',
	exp: 'When it ends, in seconds since 1970.',
	iat: 'When it was made.',
	nbf: 'When it begins to count.',
	auth_time: 'When you last proved who you are.',
	nonce: 'The nonce of the request.',
	at_hash: 'Half a hash of the access token that came with it.',
	acr: 'How strongly you proved who you are.',
	amr: 'By which methods (RFC 8176): “pwd” is a password.',
	sid: 'Your session here: a logout names it.',
	client_id: 'The application that it was issued to.',
	scope: 'What it allows.',
	jti: 'The number of this token.',
	name: 'Your whole name.',
	given_name: 'First name.',
	family_name: 'Family name.',
	middle_name: 'Middle name.',
	nickname: 'Nickname.',
	preferred_username: 'Your user name here. It may change, so it does not identify you.',
	profile: 'Address of your profile page.',
	picture: 'Address of your picture.',
	website: 'Your website.',
	email: 'Your e-mail address.',
	email_verified: 'Whether somebody has made sure that it is yours.',
	gender: 'Gender.',
	birthdate: 'Date of birth.',
	zoneinfo: 'Time zone.',
	locale: 'Language.',
	updated_at: 'When these were last changed.',
	phone_number: 'Your phone number.',
	phone_number_verified: 'Whether somebody has made sure that it is yours.',
	address: 'Your postal address.',
	groups: 'Groups that you belong to.',
};

export const header = {
	alg: 'How it was signed. A client takes only what it expects.',
	kid: 'Which key of jwks_uri signed it.',
	typ: 'What kind of token it is, so that one kind never passes for another.',
};
