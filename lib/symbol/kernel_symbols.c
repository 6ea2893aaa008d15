/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/kernel_symbols.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/vec.h"
#include "symbol/symbol_alias.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define READ_SIZE ((size_t)256 << 10)
#define FILE_MAX ((uint64_t)512 << 20)
#define SYMBOLS_MAX ((size_t)4 << 20)
#define NAMES_MAX ((size_t)256 << 20)
#define MODULES_MAX 65535
#define NAME_MAX_LEN 1024		 /* the kernel's KSYM_NAME_LEN is 512 */
#define FUNCTION_MAX ((uint64_t)1 << 20) /* bytes; what is further from its start is a gap */
#define PAGE 4096u

struct kernel_symbol {
	uint64_t address;
	uint32_t name; /* in names */
	uint16_t module;
	uint8_t binding;
};

struct kernel_symbols {
	VEC(struct kernel_symbol) list;
	VEC(uint32_t) modules; /* names of them, in names */
	struct str names;      /* each ends in NUL */
	uint64_t hidden;       /* symbols without an address */
};

/* ---- parsing --------------------------------------------------------------------------------- */

static int add_name(struct kernel_symbols *symbols, struct span name, uint32_t *ret)
{
	if (symbols->names.len + span_len(name) >= NAMES_MAX)
		return -EFBIG;
	*ret = (uint32_t)symbols->names.len;
	str_append_bytes(&symbols->names, name.p, span_len(name));
	str_append_char(&symbols->names, '\0');
	return str_error(&symbols->names);
}

/* Symbols of a module stand together: comparing with the last one is enough. */
static int find_module(struct kernel_symbols *symbols, struct span name, uint16_t *ret)
{
	size_t count = symbols->modules.len;
	uint32_t added;
	int r;

	if (span_is(name, symbols->names.data + symbols->modules.data[count - 1])) {
		*ret = (uint16_t)(count - 1);
		return 0;
	}
	if (count >= MODULES_MAX) {
		*ret = 0;
		return 0;
	}
	r = add_name(symbols, name, &added);
	if (r == 0)
		r = vec_push(&symbols->modules, added);
	if (r == 0)
		*ret = (uint16_t)count;
	return r;
}

static bool is_name(struct span name)
{
	size_t len = span_len(name);

	return len > 0 && len <= NAME_MAX_LEN && !memchr(name.p, '\0', len);
}

/* "[nf_nat]" without its brackets. */
static bool unwrap_module(struct span *module)
{
	if (span_len(*module) < 3 || *module->p != '[' || module->end[-1] != ']')
		return false;
	module->p++;
	module->end--;
	return is_name(*module);
}

static bool binding_of(struct span type, enum symbol_binding *ret)
{
	if (span_len(type) != 1)
		return false;
	switch (*type.p) {
	case 't':
		*ret = SYMBOL_LOCAL;
		return true;
	case 'T':
		*ret = SYMBOL_GLOBAL;
		return true;
	case 'w':
	case 'W':
		*ret = SYMBOL_WEAK;
		return true;
	default:
		return false;
	}
}

/* What is no text symbol is passed over. */
static int add_line(struct kernel_symbols *symbols, struct span line)
{
	struct kernel_symbol symbol = { 0 };
	enum symbol_binding binding;
	struct span type, name, module;
	int r = 0;

	if (!span_hex(&line, &symbol.address) || !span_word(&line, &type) ||
	    !binding_of(type, &binding) || !span_word(&line, &name) || !is_name(name))
		return 0;
	if (symbol.address == 0) {
		symbols->hidden++;
		return 0;
	}
	if (symbols->list.len >= SYMBOLS_MAX)
		return -EFBIG;
	symbol.binding = (uint8_t)binding;
	if (span_word(&line, &module) && unwrap_module(&module))
		r = find_module(symbols, module, &symbol.module);
	if (r == 0)
		r = add_name(symbols, name, &symbol.name);
	return r < 0 ? r : vec_push(&symbols->list, symbol);
}

static int add_text(struct kernel_symbols *symbols, struct span text)
{
	struct span line;
	int r = 0;

	while (r == 0 && span_line(&text, &line))
		r = add_line(symbols, line);
	return r;
}

/* ---- order ----------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right, void *context)
{
	const struct kernel_symbol *a = left, *b = right;
	const char *names = context;
	struct symbol_alias a_alias = { names + a->name, a->binding };
	struct symbol_alias b_alias = { names + b->name, b->binding };

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return symbol_alias_compare(&a_alias, &b_alias);
}

/* The kernel's own part comes sorted, but for its aliases. */
static void sort_and_settle(struct kernel_symbols *symbols)
{
	struct kernel_symbol *list = symbols->list.data;
	size_t kept = 0;

	qsort_r(list, symbols->list.len, sizeof(*list), compare, symbols->names.data);
	for (size_t i = 0; i < symbols->list.len; i++)
		if (kept == 0 || list[kept - 1].address != list[i].address)
			list[kept++] = list[i];
	symbols->list.len = kept;
}

/* Gives back what growing by doubling has taken too much. */
static void trim(struct kernel_symbols *symbols)
{
	void *list = realloc(symbols->list.data, symbols->list.len * sizeof(*symbols->list.data));
	char *names = realloc(symbols->names.data, symbols->names.len + 1);

	if (list) {
		symbols->list.data = list;
		symbols->list.cap = symbols->list.len;
	}
	if (names) {
		symbols->names.data = names;
		symbols->names.cap = symbols->names.len + 1;
	}
}

static int finish(struct kernel_symbols *symbols)
{
	if (symbols->list.len == 0)
		return symbols->hidden ? -EPERM : -ENODATA;
	sort_and_settle(symbols);
	trim(symbols);
	return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct kernel_symbols *symbols_new(void)
{
	_cleanup_(kernel_symbols_freep) struct kernel_symbols *symbols =
		calloc(1, sizeof(*symbols));
	uint32_t name;

	if (!symbols || add_name(symbols, span_of(KERNEL_MODULE), &name) < 0 ||
	    vec_push(&symbols->modules, name) < 0)
		return NULL;
	return TAKE_PTR(symbols);
}

void kernel_symbols_free(struct kernel_symbols *symbols)
{
	if (!symbols)
		return;
	vec_free(&symbols->list);
	vec_free(&symbols->modules);
	str_free(&symbols->names);
	free(symbols);
}

void kernel_symbols_freep(struct kernel_symbols **symbols)
{
	kernel_symbols_free(*symbols);
}

int kernel_symbols_parse(const char *text, size_t len, struct kernel_symbols **ret)
{
	_cleanup_(kernel_symbols_freep) struct kernel_symbols *symbols = symbols_new();
	int r;

	if (!symbols)
		return -ENOMEM;
	r = add_text(symbols, span_make(text, len));
	if (r == 0)
		r = finish(symbols);
	if (r == 0)
		*ret = TAKE_PTR(symbols);
	return r;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Not procroot_read(): several times larger than it takes, and nothing for the bundle. */
static int open_kallsyms(struct procroot *root)
{
	_cleanup_(cleanup_close) int folder = procroot_open_folder(root, "proc");
	_cleanup_(cleanup_close) int fd = -1;
	struct stat st;

	if (folder < 0)
		return folder;
	fd = openat(folder, "kallsyms", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

/* Takes the whole lines of the buffer and moves the rest to its front; without any line in a full
 * buffer it is thrown away. */
static int take_lines(struct kernel_symbols *symbols, char *buffer, size_t *len, bool at_end)
{
	const char *newline = memrchr(buffer, '\n', *len);
	size_t whole = newline ? (size_t)(newline - buffer) + 1 : 0;
	int r;

	if (at_end || (!newline && *len == READ_SIZE))
		whole = *len;
	r = add_text(symbols, span_make(buffer, whole));
	memmove(buffer, buffer + whole, *len - whole);
	*len -= whole;
	return r;
}

static int read_lines(struct kernel_symbols *symbols, int fd)
{
	_cleanup_(cleanup_free) char *buffer = malloc(READ_SIZE);
	uint64_t total = 0;
	size_t len = 0;
	ssize_t n;
	int r = buffer ? 0 : -ENOMEM;

	while (r == 0) {
		n = read(fd, buffer + len, READ_SIZE - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		total += (uint64_t)n;
		r = take_lines(symbols, buffer, &len, n == 0);
		if (n == 0)
			break;
		if (total > FILE_MAX)
			return -EFBIG;
	}
	return r;
}

static int say_hidden(struct procroot *root, struct err *err)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (procroot_read(root, "proc/sys/kernel/kptr_restrict", &text) == 0 && *text.data == '2')
		return err_set(err, -EPERM,
			       "the kernel hides its addresses from everybody: sysctl -w "
			       "kernel.kptr_restrict=1");
	return err_set(err, -EPERM,
		       "the kernel hides its addresses from this user: run as root or with "
		       "CAP_SYSLOG (sysctl kernel.kptr_restrict)");
}

int kernel_symbols_load(struct procroot *root, struct kernel_symbols **ret, struct err *err)
{
	_cleanup_(kernel_symbols_freep) struct kernel_symbols *symbols = symbols_new();
	_cleanup_(cleanup_close) int fd = open_kallsyms(root);
	int r = fd;

	if (!symbols)
		return err_set(err, -ENOMEM, "out of memory");
	if (r >= 0)
		r = read_lines(symbols, fd);
	if (r == 0)
		r = finish(symbols);
	if (r == -EPERM && symbols->hidden)
		return say_hidden(root, err);
	if (r < 0)
		return err_set(err, r, "can't read /proc/kallsyms: %s", strerror(-r));
	*ret = TAKE_PTR(symbols);
	return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The last symbol at or before the address; NULL. */
static const struct kernel_symbol *find_before(const struct kernel_symbols *symbols,
					       uint64_t address)
{
	size_t low = 0, high = symbols->list.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->list.data[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &symbols->list.data[low - 1] : NULL;
}

static uint64_t length_of(const struct kernel_symbols *symbols, const struct kernel_symbol *symbol)
{
	const struct kernel_symbol *next = symbol + 1;
	uint64_t page_end = 2 * PAGE - symbol->address % PAGE;
	uint64_t gap;

	if (next == symbols->list.data + symbols->list.len)
		return page_end;
	gap = next->address - symbol->address;
	return gap <= FUNCTION_MAX || gap < page_end ? gap : page_end;
}

bool kernel_symbols_find(const struct kernel_symbols *symbols, uint64_t address,
			 const char **ret_name, const char **ret_module)
{
	const struct kernel_symbol *symbol = find_before(symbols, address);

	if (!symbol || address - symbol->address >= length_of(symbols, symbol))
		return false;
	*ret_name = symbols->names.data + symbol->name;
	*ret_module = symbols->names.data + symbols->modules.data[symbol->module];
	return true;
}

size_t kernel_symbols_count(const struct kernel_symbols *symbols)
{
	return symbols->list.len;
}

size_t kernel_symbols_bytes(const struct kernel_symbols *symbols)
{
	return sizeof(*symbols) + symbols->list.cap * sizeof(*symbols->list.data) +
	       symbols->modules.cap * sizeof(*symbols->modules.data) + symbols->names.cap;
}
