/**
 * The parts that every room uses. Enters: the one {@link dev.weft.room.RoomContext} of the node.
 * Leaves: what each room would otherwise build for itself.
 *
 * <ul>
 *   <li>{@link dev.weft.room.RoomThread}: calls from other threads and blocking work, whose results
 *       come back to the room's event loop. An exception becomes the answer, so that no caller
 *       waits for ever.
 *   <li>{@link dev.weft.room.Passes}: one pass at a time, and another one for requests that came
 *       meanwhile; a failed pass is repeated with {@link dev.weft.room.Backoff}.
 *   <li>{@link dev.weft.room.Reconciler}: the changes that turn what is there into what is wanted.
 * </ul>
 */
package dev.weft.room;
