/** The kernel's objects, for all rooms. */
package dev.weft.net;
