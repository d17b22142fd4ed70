/*
 * A C++ library that nobody links: opened while a recording runs. Its own
 * references to malloc and operator new are what a test looks for.
 */
#include <cstdlib>
#include <new>

struct wide {
	alignas(64) char bytes[64];
};

extern "C" {

void *late_malloc(std::size_t bytes)
{
	return std::malloc(bytes);
}

void *late_new(std::size_t bytes)
{
	return ::operator new(bytes);
}

void *late_new_array(std::size_t bytes)
{
	return new char[bytes];
}

void *late_new_nothrow(std::size_t bytes)
{
	return ::operator new(bytes, std::nothrow);
}

void *late_new_aligned(std::size_t bytes)
{
	return new wide[bytes / sizeof(wide)];
}

/* What was new is deleted again: nothing stays. */
void *late_delete(std::size_t bytes)
{
	char *array = new char[bytes];
	array[0] = 1;
	asm volatile("" : : "r"(array) : "memory");
	delete[] array;
	void *single = ::operator new(bytes);
	::operator delete(single);
	return nullptr;
}
}
