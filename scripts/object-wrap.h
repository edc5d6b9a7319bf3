// Compiled into the SQLite addon (setup.mjs passes it with -include).
//
// Since Node.js 24.19 node::ObjectWrap registers a cleanup hook and removes it in its destructor,
// which aborts the process when an object is collected while no context is entered: at exit, or by
// an idle collection. better-sqlite3 12 derives its statements from this class and cleans up after
// itself, so the hooks of the base class are left out, as they were before.
#pragma once
#include <node.h>

namespace node {
inline void WithoutCleanupHook(v8::Isolate*, void (*)(void*), void*) {}
}  // namespace node

#define AddEnvironmentCleanupHook WithoutCleanupHook
#define RemoveEnvironmentCleanupHook WithoutCleanupHook
#include <node_object_wrap.h>
#undef AddEnvironmentCleanupHook
#undef RemoveEnvironmentCleanupHook
