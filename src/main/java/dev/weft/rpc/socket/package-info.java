/**
 * Sockets of this host: how they are dialled and listened on, and how their bytes get into pipes
 * and out of them. Everything of a socket happens on the event loop that it was given.
 */
package dev.weft.rpc.socket;
