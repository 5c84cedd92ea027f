# Settings, for the command line or the environment.
PORT ?= 8080
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
# release: what is installed, linked statically. dynamic: for valgrind. asan: AddressSanitizer and UndefinedBehaviorSanitizer.
VARIANT ?= release
CC = gcc

# Release leaves build/bin, build/cgi-bin; other variants have a folder of their own.
O = build/$(VARIANT)
OUT = $(if $(filter release,$(VARIANT)),build,$(O))
GEN = build/generated

WARNINGS = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Werror
HARDENING = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fstack-clash-protection -fcf-protection
CFLAGS_release = -O2 $(HARDENING) -ffunction-sections -fdata-sections
CFLAGS_dynamic = -O1 -g
CFLAGS_asan = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS ?= $(CFLAGS_$(VARIANT))
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. -fPIE $(WARNINGS) $(CFLAGS) -MMD -MP \
	-DLATCHKEY_CONFIG_PATH='"$(SYSCONFDIR)/latchkey/latchkey.conf"'
LDFLAGS_release = -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections -s
LDFLAGS_asan = -fsanitize=address,undefined

# cJSON has a shared library only, so what parses JSON is linked with a dynamic libc (about 0.2 ms a start);
# everything else is one static file, position-independent where that costs little. -w: glibc's note that dlopen in a static program needs the same glibc;
# nothing here loads a module.
STATIC = $(LDFLAGS_release) -static-pie -Wl,-w
MIXED = $(LDFLAGS_release) -pie
FIXED = $(LDFLAGS_release) -static -no-pie -Wl,-w
LIBS_STATIC = -lfcgi -lsqlite3 -lcrypto -lsodium -lunistring -lm -lpthread
LIBS_MIXED = -Wl,-Bstatic -lfcgi -lsqlite3 -lcrypto -lsodium -lunistring -Wl,-Bdynamic -lcjson -lm -lpthread
LIBS_ALL_DYNAMIC = -lfcgi -lsqlite3 -lcrypto -lsodium -lunistring -lzxcvbn -lcjson -lcbor -lqrencode -lm -lpthread
LINK_static_release = $(STATIC)
LINK_mixed_release = $(MIXED)
LINK_fixed_release = $(FIXED)
LIBS_static_release = $(LIBS_STATIC)
LIBS_mixed_release = $(LIBS_MIXED)
LIBS_fixed_release = $(LIBS_STATIC)
LINK_static_dynamic = -pie
LINK_mixed_dynamic = -pie
LINK_fixed_dynamic = -pie
LIBS_static_dynamic = $(LIBS_ALL_DYNAMIC)
LIBS_mixed_dynamic = $(LIBS_ALL_DYNAMIC)
LIBS_fixed_dynamic = $(LIBS_ALL_DYNAMIC)
LINK_static_asan = -pie $(LDFLAGS_asan)
LINK_mixed_asan = -pie $(LDFLAGS_asan)
LINK_fixed_asan = -pie $(LDFLAGS_asan)
LIBS_static_asan = $(LIBS_ALL_DYNAMIC)
LIBS_mixed_asan = $(LIBS_ALL_DYNAMIC)
LIBS_fixed_asan = $(LIBS_ALL_DYNAMIC)

ENDPOINTS = $(patsubst cgi-bin/%.c,%,$(wildcard cgi-bin/*.c cgi-bin/account/*.c cgi-bin/admin/*.c))
# Programs that parse JSON.
JSON_ENDPOINTS = consent $(filter account/%,$(ENDPOINTS))
# Programs that judge new passwords: Debian's static libzxcvbn fits into no position-independent program.
PASSWORD_ENDPOINTS = signup reset account/password
# Programs that sign or verify: OpenSSL's tables are full of addresses, and moving them at every start costs 0.2 ms.
SIGNING_ENDPOINTS = token introspect revoke par
# Programs that draw QR codes.
QR_ENDPOINTS = enroll account/totp
LIB_OBJECTS = $(patsubst %.c,$(O)/%.o,$(wildcard lib/*/*.c)) $(O)/generated/schema.o
PAGES = $(patsubst cgi-bin/pages/%.html,%,$(wildcard cgi-bin/pages/*.html))
PAGE_OBJECTS = $(patsubst %,$(O)/generated/pages/%.o,$(PAGES))
GRANT_OBJECTS = $(patsubst %.c,$(O)/%.o,$(wildcard cgi-bin/grants/*.c))
CLI_OBJECTS = $(patsubst %.c,$(O)/%.o,$(wildcard commands/*.c commands/doctor/*.c))
MAIL_OBJECTS = $(patsubst commands/deliver/mails/%,$(O)/generated/mails/%.o,$(wildcard commands/deliver/mails/*))
DELIVER_OBJECTS = $(patsubst %.c,$(O)/%.o,$(wildcard commands/deliver/*.c)) $(MAIL_OBJECTS)
UNIT_TESTS = $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/test_*.c))
LIBRARY = $(O)/liblatchkey.a
PROBE_OBJECTS = $(O)/commands/probe/probe.o $(O)/commands/deliver/send.o $(O)/commands/deliver/mail.o $(MAIL_OBJECTS)
PROGRAMS = $(patsubst %,$(OUT)/cgi-bin/%,$(ENDPOINTS)) $(OUT)/bin/latchkey $(OUT)/bin/deliver $(OUT)/lib/latchkey/probe

.PHONY: all run test test-all bench bench-peers bench-large load unit clean privileges setup variants install uninstall size deb manual FORCE
.SECONDARY:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

all: $(PROGRAMS)

# A first start to look at: everything that is missing is installed, and a demo signs a real user in.
run: setup
	@$(MAKE) --no-print-directory all
	@PORT=$(PORT) scripts/demo

setup:
	@scripts/setup build

test:
	@scripts/setup test
	@tests/run

test-all:
	@scripts/setup test
	@tests/run --all

# ARGS: what tests/bench/run takes, such as --quick, --server or the names of operations.
bench:
	@scripts/setup test
	@$(MAKE) --no-print-directory all
	@tests/bench/run $(ARGS)

# The same work on glewlwyd and oidc-provider, which it installs, and on this server, in turns.
bench-peers:
	@scripts/setup peers
	@$(MAKE) --no-print-directory all
	@tests/bench/run peers $(ARGS)

# SIZE=1 is a million users and five million refresh tokens, made in a temporary folder.
bench-large:
	@scripts/setup test
	@$(MAKE) --no-print-directory all
	@tests/bench/run large --size $(or $(SIZE),1) $(ARGS)

load:
	@scripts/setup test
	@$(MAKE) --no-print-directory all
	@tests/bench/run load --minutes $(or $(MINUTES),10)

unit: $(UNIT_TESTS)

# What PRIVILEGES.md says is what the programs say of themselves.
privileges: all
	scripts/privileges > PRIVILEGES.md

# DESTDIR, PREFIX and SYSCONFDIR as usual; nothing is set up by it: `latchkey init` makes an installation.
install_with = @DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' OUT='$(OUT)' ENDPOINTS='$(sort $(ENDPOINTS))' scripts/install

install: all manual
	$(install_with) put

uninstall:
	$(install_with) remove

size: all manual
	$(install_with) size

# Debian package below build/.
deb:
	@scripts/setup build
	@$(MAKE) --no-print-directory all manual PREFIX=/usr SYSCONFDIR=/etc
	@ENDPOINTS='$(sort $(ENDPOINTS))' scripts/package

manual: $(OUT)/man/latchkey.7

clean:
	rm -rf build

# ---- how each thing is made

# One line a step; V=1 shows the commands.
Q = $(if $(V),,@)
say = @$(if $(V),:,echo "  $(1)  $(2)")

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,compile,$<)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(O)/generated/%.o: $(GEN)/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(GEN)/schema.c: schema.sql scripts/embed
	@mkdir -p $(@D)
	$(Q)scripts/embed schema < $< > $@

$(GEN)/pages/%.c: cgi-bin/pages/%.html scripts/embed
	@mkdir -p $(@D)
	$(Q)scripts/embed page $* < $< > $@

$(GEN)/mails/%.c: commands/deliver/mails/% scripts/embed
	@mkdir -p $(@D)
	$(Q)scripts/embed text mail_$(subst .,_,$*) < $< > $@

# What the CLI shows of every endpoint: asked of the endpoints themselves.
$(GEN)/endpoints.c: scripts/embed scripts/checks $(patsubst %,$(OUT)/cgi-bin/%,$(ENDPOINTS))
	@mkdir -p $(@D)
	$(Q)for e in $(sort $(ENDPOINTS)); do $(OUT)/cgi-bin/$$e --describe | sed "/^$$/d" && scripts/checks $$e && echo || exit 1; done | scripts/embed text endpoint_descriptions > $@

# The interface of every endpoint, in words, of what it says of itself.
$(OUT)/man/latchkey.7: man/latchkey.7.in scripts/manual lib/protocol/errors.h $(patsubst %,$(OUT)/cgi-bin/%,$(ENDPOINTS))
	@mkdir -p $(@D)
	$(Q)for e in $(sort $(ENDPOINTS)); do $(OUT)/cgi-bin/$$e --describe || exit 1; done | scripts/manual man/latchkey.7.in > $@

# The path of the configuration is compiled in.
$(O)/sysconfdir: FORCE
	@mkdir -p $(@D)
	@echo '$(SYSCONFDIR)' | cmp -s - $@ || echo '$(SYSCONFDIR)' > $@

$(O)/lib/base/config.o: $(O)/sysconfdir

$(LIBRARY): $(LIB_OBJECTS)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(O)/libpages.a: $(PAGE_OBJECTS)
	@rm -f $@
	$(Q)ar rcs $@ $^

ARCHIVES = $(O)/libpages.a $(LIBRARY)
GROUP = -Wl,--start-group $(ARCHIVES) -Wl,--end-group
kind = $(if $(filter $(1),$(JSON_ENDPOINTS) $(PASSWORD_ENDPOINTS) $(QR_ENDPOINTS)),mixed,$(if $(filter $(1),$(SIGNING_ENDPOINTS)),fixed,static))

$(OUT)/cgi-bin/token: $(GRANT_OBJECTS)

# Shared libraries that one program needs.
$(OUT)/cgi-bin/account/passkeys: OWN_LIBS = -lcbor
$(patsubst %,$(OUT)/cgi-bin/%,$(PASSWORD_ENDPOINTS)): OWN_LIBS = -lzxcvbn
$(patsubst %,$(OUT)/cgi-bin/%,$(QR_ENDPOINTS)): OWN_LIBS = -lqrencode

$(OUT)/cgi-bin/%: $(O)/cgi-bin/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,link   ,$@)
	$(Q)$(CC) $(LINK_$(call kind,$*)_$(VARIANT)) -o $@ $(filter %.o,$^) $(GROUP) $(LIBS_$(call kind,$*)_$(VARIANT)) $(OWN_LIBS)

$(OUT)/bin/latchkey: $(CLI_OBJECTS) $(O)/generated/endpoints.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,link   ,$@)
	$(Q)$(CC) $(LINK_mixed_$(VARIANT)) -o $@ $(CLI_OBJECTS) $(O)/generated/endpoints.o $(GROUP) $(LIBS_mixed_$(VARIANT)) -lzxcvbn

# Shared libraries alone: libcurl brings OpenSSL, and a second one of our own would get mixed with it.
$(OUT)/bin/deliver: $(DELIVER_OBJECTS) $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,link   ,$@)
	$(Q)$(CC) $(LINK_mixed_$(VARIANT)) -o $@ $(DELIVER_OBJECTS) $(GROUP) -Wl,--as-needed -lcurl $(LIBS_ALL_DYNAMIC)

# The network part of `latchkey doctor`, likewise.
$(OUT)/lib/latchkey/probe: $(PROBE_OBJECTS) $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,link   ,$@)
	$(Q)$(CC) $(LINK_mixed_$(VARIANT)) -o $@ $(PROBE_OBJECTS) $(GROUP) -Wl,--as-needed -lcurl $(LIBS_ALL_DYNAMIC)

$(O)/unit/%: $(O)/tests/unit/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,link   ,$@)
	$(Q)$(CC) -pie $(LDFLAGS_$(filter asan,$(VARIANT))) -o $@ $< $(GROUP) -lcmocka $(LIBS_ALL_DYNAMIC)

-include $(shell find build -name '*.d' 2>/dev/null)
