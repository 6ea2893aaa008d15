/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shared library with an entry that everybody sees and a function that only .symtab names. */
static volatile int sink;

__attribute__((noinline, noclone, used)) static void library_inner(void)
{
	sink++;
}

void library_entry(unsigned long *ret_inner);
void library_entry(unsigned long *ret_inner)
{
	library_inner();
	*ret_inner = (unsigned long)library_inner;
}
