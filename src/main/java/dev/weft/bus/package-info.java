/**
 * Typed messages over the Vert.x event bus.
 *
 * <p>A room's contract is an interface whose methods return {@code Future<T>}. Its actor serves the
 * contract on its own event loop ({@link dev.weft.bus.Bus#serve}); others call a proxy ({@link
 * dev.weft.bus.Bus#proxy}). Within a node arguments and results pass by reference; they are
 * immutable records. Between members they travel as JSON, {@code {"v":1,"m":method,"a":[args]}},
 * where unknown fields are ignored and an unknown version is an error that names both versions.
 *
 * <p>Facts are what has happened: published once, heard by whoever asked for their type.
 */
package dev.weft.bus;
