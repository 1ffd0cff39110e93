// SPDX-License-Identifier: BSD-2-Clause
// The mutator: numbered small faults in C sources, to see whether proofs, tests and fuzzing notice (proofs/mutants).
// A mutant's number is a hash of its file, function, operator and place among its like, so that it stays what it is while
// other functions change; sorted by number the list is in a random but fixed order.
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 1000000, NAME = 64 };

enum kind { WORD, NUMBER, OTHER };

struct token {
	enum kind kind;
	size_t start, end;	// [start, end) in the text
	int line;
};

struct source {
	const char *path;
	char *text;
	struct token *t;
	size_t n;
};

struct mutant {
	unsigned number;
	const struct source *source;
	char function[NAME];
	const char *operator;
	size_t start, end;	// what is replaced
	int line;
	char *text;	// by what
};

static struct mutant *mutants;
static size_t mutants_n;
static unsigned char taken[NUMBERS];

static const struct { const char *from, *to, *operator; } operators[] = {
	{"<", "<=", "relation"}, {"<=", "<", "relation"}, {">", ">=", "relation"}, {">=", ">", "relation"},
	{"==", "!=", "relation"}, {"!=", "==", "relation"}, {"&&", "||", "logic"}, {"||", "&&", "logic"},
	{"+", "-", "arithmetic"}, {"-", "+", "arithmetic"}, {"*", "+", "arithmetic"}, {"/", "*", "arithmetic"},
	{"%", "*", "arithmetic"}, {"&", "|", "bits"}, {"|", "&", "bits"}, {"^", "&", "bits"}, {"<<", ">>", "bits"},
	{">>", "<<", "bits"}, {"+=", "-=", "arithmetic"}, {"-=", "+=", "arithmetic"}, {"|=", "&=", "bits"},
	{"&=", "|=", "bits"}, {"++", "--", "arithmetic"}, {"--", "++", "arithmetic"},
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "mutate: %s: %s\n", what, why);
	exit(2);
}

static void *grown(void *p, size_t bytes)
{
	p = realloc(p, bytes);
	if (!p)
		die("memory", strerror(errno));
	return p;
}

// ---- tokens; comments (with all of ACSL), preprocessor lines, strings and characters are none

static size_t punctuation(const char *s)
{
	static const char *const longer[] = {"<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
		"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="};
	for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
		if (strncmp(s, longer[i], strlen(longer[i])) == 0)
			return strlen(longer[i]);
	return 1;
}

static void tokenize(struct source *s)
{
	const char *p = s->text;
	int line = 1, fresh = 1;
	size_t room = 0;
	while (*p) {
		const char *from = p;
		if (*p == '\n') {
			line++;
			fresh = 1;
			p++;
			continue;
		}
		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		if (p[0] == '/' && p[1] == '/') {
			while (*p && *p != '\n')
				p++;
			continue;
		}
		if (p[0] == '/' && p[1] == '*') {
			for (p += 2; *p && !(p[0] == '*' && p[1] == '/'); p++)
				line += *p == '\n';
			p += *p ? 2 : 0;
			continue;
		}
		if (*p == '#' && fresh) {
			for (; *p && *p != '\n'; p++)
				if (p[0] == '\\' && p[1] == '\n') {
					line++;
					p++;
				}
			continue;
		}
		fresh = 0;
		enum kind kind = OTHER;
		if (*p == '"' || *p == '\'') {
			char quote = *p++;
			while (*p && *p != quote)
				p += *p == '\\' ? 2 : 1;
			p++;
		} else if (isalpha((unsigned char)*p) || *p == '_') {
			kind = WORD;
			while (isalnum((unsigned char)*p) || *p == '_')
				p++;
		} else if (isdigit((unsigned char)*p)) {
			kind = NUMBER;
			while (isalnum((unsigned char)*p) || *p == '.')
				p++;
		} else {
			p += punctuation(p);
		}
		if (s->n == room)
			s->t = grown(s->t, (room = room * 2 + 1024) * sizeof *s->t);
		s->t[s->n++] = (struct token){kind, (size_t)(from - s->text), (size_t)(p - s->text), line};
	}
}

static int is(const struct source *s, size_t i, const char *text)
{
	size_t n = strlen(text);
	return i < s->n && s->t[i].end - s->t[i].start == n && strncmp(s->text + s->t[i].start, text, n) == 0;
}

static int is_one(const struct source *s, size_t i, const char *const *words)
{
	for (; *words; words++)
		if (is(s, i, *words))
			return 1;
	return 0;
}

// The token after the one that closes the bracket at i.
static size_t past(const struct source *s, size_t i)
{
	int depth = 0;
	for (; i < s->n; i++) {
		if (is(s, i, "(") || is(s, i, "[") || is(s, i, "{"))
			depth++;
		if ((is(s, i, ")") || is(s, i, "]") || is(s, i, "}")) && --depth == 0)
			return i + 1;
	}
	return i;
}

// The token before the bracket that i closes.
static size_t before(const struct source *s, size_t i)
{
	int depth = 0;
	for (; i > 0; i--) {
		depth += is(s, i, ")") - is(s, i, "(");
		if (depth == 0)
			break;
	}
	return i - 1;
}

// ---- mutants

static void add(const struct source *s, const char *function, const char *operator, unsigned place, size_t from, size_t to, int line,
	const char *format, ...) __attribute__((format(printf, 8, 9)));

static void add(const struct source *s, const char *function, const char *operator, unsigned place, size_t from, size_t to, int line,
	const char *format, ...)
{
	char key[512];
	snprintf(key, sizeof key, "%s %s %s %u", s->path, function, operator, place);
	uint64_t hash = 0xcbf29ce484222325u;	// FNV-1a
	for (const char *p = key; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	unsigned number = (unsigned)((hash ^ hash >> 32) % NUMBERS);
	while (taken[number])
		number = (number + 1) % NUMBERS;
	taken[number] = 1;
	if ((mutants_n & (mutants_n - 1)) == 0)
		mutants = grown(mutants, (mutants_n ? mutants_n * 2 : 1) * sizeof *mutants);
	struct mutant *m = &mutants[mutants_n++];
	*m = (struct mutant){.number = number, .source = s, .operator = operator, .start = from, .end = to, .line = line};
	snprintf(m->function, NAME, "%s", function);
	va_list list;
	va_start(list, format);
	if (vasprintf(&m->text, format, list) < 0)
		die("memory", strerror(errno));
	va_end(list);
}

#define SPAN(s, from, to) (int)((to) - (from)), (s)->text + (from)

static int uppercase(const struct source *s, size_t i)
{
	size_t letters = 0;
	for (size_t p = s->t[i].start; p < s->t[i].end; p++) {
		if (islower((unsigned char)s->text[p]))
			return 0;
		letters += isupper((unsigned char)s->text[p]) != 0;
	}
	return letters > 1;
}

static const char *const types[] = {"u8", "u16", "u32", "u64", "s64", "int", "char", "void", "long", "unsigned", "size_t", "bool", 0};
static const char *const control[] = {"if", "while", "for", "switch", "return", "sizeof", "case", "else", "do", "goto", "static", "const",
	"struct", "enum", "union", "typedef", "_Static_assert", "__asm__", "default", 0};

static const char *const conditions[] = {"if", "while", "for", 0};

// Whether the token before i ends an operand, so that an operator at i has two.
static int after_operand(const struct source *s, size_t i)
{
	if (i == 0 || is_one(s, i - 1, control) || is_one(s, i - 1, types))
		return 0;
	return s->t[i - 1].kind != OTHER || is(s, i - 1, ")") || is(s, i - 1, "]");
}

struct counts {
	unsigned relation, arithmetic, bits, logic, constant, deletion, negation, swap;
};

static unsigned *count_of(struct counts *c, const char *operator)
{
	switch (operator[0]) {
	case 'r': return &c->relation;
	case 'a': return &c->arithmetic;
	case 'b': return &c->bits;
	default: return &c->logic;
	}
}

static void mutate_operator(const struct source *s, const char *function, struct counts *c, size_t i)
{
	for (size_t k = 0; k < sizeof operators / sizeof *operators; k++) {
		if (!is(s, i, operators[k].from))
			continue;
		int step = is(s, i, "++") || is(s, i, "--");
		if (!step && !after_operand(s, i))
			return;
		// "struct guest *g", "u64 *p" declare
		if (is(s, i, "*") && i >= 2 && (is(s, i - 2, "struct") || is_one(s, i - 1, types)))
			return;
		add(s, function, operators[k].operator, (*count_of(c, operators[k].operator))++, s->t[i].start, s->t[i].end, s->t[i].line, "%s",
			operators[k].to);
		return;
	}
}

static void mutate_statement(const struct source *s, const char *function, struct counts *c, size_t i)
{
	if (s->t[i].kind != WORD || is_one(s, i, types))
		return;
	if (is_one(s, i, control) || (s->t[i + 1].kind == WORD && !is(s, i, "break")))	// the latter: a declaration
		return;
	if (is(s, i + 1, ":") || (is(s, i + 1, "*") && s->t[i + 2].kind == WORD))
		return;
	size_t end = i;
	while (end < s->n && !is(s, end, ";")) {
		if (is(s, end, "{") || is(s, end, "}"))
			return;
		end = is(s, end, "(") || is(s, end, "[") ? past(s, end) : end + 1;
	}
	add(s, function, "deletion", c->deletion++, s->t[i].start, s->t[end].start, s->t[i].line, "%s", "");
}

static void mutate_call(const struct source *s, const char *function, struct counts *c, size_t i)
{
	size_t end = past(s, i + 1) - 1, comma[2] = {0, 0}, commas = 0;
	for (size_t k = i + 2; k < end; k++) {
		if (is(s, k, "(") || is(s, k, "[") || is(s, k, "{"))
			k = past(s, k) - 1;
		else if (is(s, k, ",") && commas < 2)
			comma[commas++] = k;
	}
	if (!commas)
		return;
	size_t last = commas == 2 ? comma[1] : end;
	size_t a = s->t[i + 2].start, a_end = s->t[comma[0] - 1].end, b = s->t[comma[0] + 1].start, b_end = s->t[last - 1].end;
	if (a_end - a == b_end - b && strncmp(s->text + a, s->text + b, a_end - a) == 0)
		return;
	add(s, function, "swap", c->swap++, a, b_end, s->t[i].line, "%.*s, %.*s", SPAN(s, b, b_end), SPAN(s, a, a_end));
}

static void mutate_function(const struct source *s, const char *function, size_t from, size_t to)
{
	struct counts c = {0};
	int parens = 0;
	for (size_t i = from + 1; i < to; i++) {
		parens += is(s, i, "(") - is(s, i, ")");
		if (is(s, i, "_Static_assert") || is(s, i, "__asm__")) {
			while (!is(s, i + 1, ";"))
				i++;
			continue;
		}
		if (s->t[i].kind == NUMBER)
			add(s, function, "constant", c.constant++, s->t[i].start, s->t[i].end, s->t[i].line, "(%.*s + 1)",
				SPAN(s, s->t[i].start, s->t[i].end));
		if (s->t[i].kind == WORD && uppercase(s, i) && !is(s, i + 1, "(") && !is(s, i - 1, "case") && !is(s, i - 1, "["))
			add(s, function, "constant", c.constant++, s->t[i].start, s->t[i].end, s->t[i].line, "(%.*s + 1)",
				SPAN(s, s->t[i].start, s->t[i].end));
		if (s->t[i].kind == OTHER)
			mutate_operator(s, function, &c, i);
		if ((is(s, i, "if") || is(s, i, "while")) && is(s, i + 1, "(")) {
			size_t a = s->t[i + 1].end, b = s->t[past(s, i + 1) - 1].start;
			add(s, function, "negation", c.negation++, a, b, s->t[i].line, "!(%.*s)", SPAN(s, a, b));
		} else if (s->t[i].kind == WORD && is(s, i + 1, "(") && !is_one(s, i, control) && !is_one(s, i, types)) {
			mutate_call(s, function, &c, i);
		}
		int begins = is(s, i - 1, ";") || is(s, i - 1, "{") || is(s, i - 1, "}") || is(s, i - 1, "else") ||
			is(s, i - 2, "default") || is(s, i - 3, "case") || (is(s, i - 1, ")") && is_one(s, before(s, i - 1), conditions));
		if (begins && parens == 0)
			mutate_statement(s, function, &c, i);
	}
}

static void mutate_source(const struct source *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (is(s, i, "(")) {
			size_t after = past(s, i);
			if (i > 0 && s->t[i - 1].kind == WORD && is(s, after, "{")) {
				char function[NAME];
				snprintf(function, sizeof function, "%.*s", SPAN(s, s->t[i - 1].start, s->t[i - 1].end));
				size_t end = past(s, after);
				mutate_function(s, function, after, end - 1);
				after = end;
			}
			i = after - 1;
		} else if (is(s, i, "{")) {
			i = past(s, i) - 1;
		}
	}
}

// Assembly: every line that is an instruction, left out.
static void mutate_assembly(const struct source *s)
{
	char label[NAME] = "-";
	unsigned place = 0;
	int line = 1;
	for (const char *p = s->text; *p; line++) {
		const char *end = strchrnul(p, '\n'), *word = p + strspn(p, " \t");
		size_t length = strcspn(word, " \t\n:");
		if (word == p && word[length] == ':' && length < NAME) {
			snprintf(label, sizeof label, "%.*s", (int)length, word);
			place = 0;
		} else if (word != p && islower((unsigned char)*word) && length > 0) {
			add(s, label, "deletion", place++, (size_t)(word - s->text), (size_t)(end - s->text), line, "%s", "");
		}
		p = *end ? end + 1 : end;
	}
}

static void read_source(struct source *s, const char *path)
{
	FILE *f = fopen(path, "r");
	if (!f)
		die(path, strerror(errno));
	size_t n = 0, room = 0;
	do {
		s->text = grown(s->text, (room += 65536) + 1);
		n += fread(s->text + n, 1, room - n, f);
	} while (n == room);
	s->text[n] = 0;
	s->path = path;
	fclose(f);
}

static int by_number(const void *a, const void *b)
{
	const struct mutant *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

static void print_flat(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isspace((unsigned char)text[i]))
			putchar(text[i]);
		else if (i > 0 && !isspace((unsigned char)text[i - 1]))
			putchar(' ');
}

static void print_line(const struct mutant *m)
{
	printf("%06u\t%s:%d\t%s\t%s\t", m->number, m->source->path, m->line, m->function, m->operator);
	print_flat(m->source->text + m->start, m->end - m->start);
	fputs("\t", stdout);
	print_flat(m->text, strlen(m->text));
	putchar('\n');
}

static void print_applied(const struct mutant *m)
{
	const struct source *s = m->source;
	fwrite(s->text, 1, m->start, stdout);
	fputs(m->text, stdout);
	fputs(s->text + m->end, stdout);
}

static unsigned long wanted = NUMBERS, apply = NUMBERS;

static error_t option(int key, char *arg, struct argp_state *state)
{
	char *end;
	switch (key) {
	case 'n':
	case 'a':
		errno = 0;
		unsigned long value = strtoul(arg, &end, 10);
		if (errno || end == arg || *end || value > NUMBERS)
			argp_error(state, "'%s' is not a number below %d", arg, NUMBERS);
		*(key == 'n' ? &wanted : &apply) = value;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"count", 'n', "N", 0, "list the first N only", 0},
		{"apply", 'a', "NUMBER", 0, "print the source with this mutant in it", 0},
		{0}};
	static const struct argp argp = {options, option, "FILE...",
		"Lists the mutants of C and assembly sources: number, place, function, operator, what is replaced, by what.", 0, 0, 0};
	int first;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, &first, 0);
	struct source *sources = calloc((size_t)argc, sizeof *sources);
	if (!sources)
		die("memory", strerror(errno));
	for (int i = first; i < argc; i++) {
		struct source *s = &sources[i];
		read_source(s, argv[i]);
		const char *dot = strrchr(argv[i], '.');
		if (dot && strcmp(dot, ".S") == 0) {
			mutate_assembly(s);
		} else {
			tokenize(s);
			mutate_source(s);
		}
	}
	qsort(mutants, mutants_n, sizeof *mutants, by_number);
	for (size_t i = 0; i < mutants_n; i++) {
		if (apply == NUMBERS && i < wanted)
			print_line(&mutants[i]);
		if (apply == mutants[i].number) {
			print_applied(&mutants[i]);
			return 0;
		}
	}
	if (apply == NUMBERS)
		return 0;
	fprintf(stderr, "mutate: no mutant %06lu in these files (their functions may have changed)\n", apply);
	return 1;
}
