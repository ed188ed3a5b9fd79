"""A stretch of wire between two ends of tcp that a test can cut.

It listens at one address of this machine and passes everything on to the same ports of another.
`reset` breaks the connections there are; `hold` lets nothing through until `let_go`: what was sent
meanwhile arrives late, as on a link that was down for a while.
"""

import contextlib
import selectors
import socket
import struct
import threading

CHUNK = 65536
RESET_AT_CLOSE = struct.pack("ii", 1, 0) # SO_LINGER: on, for no time


class Connection:
    """Two sockets, and in each direction what was read and not yet written."""

    def __init__(self, near, far):
        self.ends = (near, far)
        self.peer = {near: far, far: near}
        self.waiting = {near: b"", far: b""} # to be written there
        self.finished = {near: False, far: False} # that end will say no more

    def events(self, end):
        """What to wait for at an end."""
        events = 0
        if self.waiting[end]:
            events |= selectors.EVENT_WRITE
        if not self.finished[end] and not self.waiting[self.peer[end]]:
            events |= selectors.EVENT_READ
        return events

    def read(self, end):
        data = end.recv(CHUNK)
        if data:
            self.waiting[self.peer[end]] = data
        else:
            self.finished[end] = True
            self.peer[end].shutdown(socket.SHUT_WR)

    def write(self, end):
        sent = end.send(self.waiting[end])
        self.waiting[end] = self.waiting[end][sent:]

    def is_over(self):
        return all(self.finished.values())

    def close(self, reset=False):
        for end in self.ends:
            if reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            end.close()


class Proxy:
    """Ports `ports` of `host`, passed on to the same ports of `target`."""

    def __init__(self, host, target, ports):
        self.host, self.target = host, target
        self.selector = selectors.DefaultSelector()
        self.connections = {} # by either end
        self.listeners = [self.listen(port) for port in ports]
        self.orders, self.order_end = socket.socketpair()
        self.selector.register(self.order_end, selectors.EVENT_READ)
        self.done = threading.Semaphore(0)
        self.held, self.closing = False, False
        self.thread = threading.Thread(target=self.pass_on)
        self.thread.start()

    def listen(self, port):
        listener = socket.create_server((self.host, port))
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ)
        return listener

    # --- what a test calls; each returns when it is done

    def order(self, word):
        self.orders.send(word)
        self.done.acquire()

    def reset(self):
        """Breaks every connection there is, with RST. New ones may be made."""
        self.order(b"r")

    def hold(self):
        """Lets nothing through from now on. Connections stay, new ones wait."""
        self.order(b"h")

    def let_go(self):
        self.order(b"g")

    def close(self):
        self.order(b"q")
        self.thread.join()
        for end in (*self.listeners, self.orders, self.order_end):
            end.close()
        self.selector.close()

    # --- its thread

    def obey(self, word):
        if word in (b"r", b"q"):
            for connection in set(self.connections.values()):
                self.drop(connection, reset=True)
        self.closing = word == b"q"
        if word in (b"h", b"g"):
            self.held = word == b"h"
            for listener in self.listeners:
                if self.held:
                    self.selector.unregister(listener)
                else:
                    self.selector.register(listener, selectors.EVENT_READ)
            for connection in set(self.connections.values()):
                self.watch(connection)
        self.done.release()

    def watch(self, connection):
        for end in connection.ends:
            events = 0 if self.held else connection.events(end)
            with contextlib.suppress(KeyError):
                self.selector.unregister(end)
            if events:
                self.selector.register(end, events)

    def accept(self, listener):
        near, _ = listener.accept()
        port = listener.getsockname()[1]
        try:
            far = socket.create_connection((self.target, port))
        except OSError:
            near.close() # as if nobody listened here
            return
        connection = Connection(near, far)
        for end in connection.ends:
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections[end] = connection
        self.watch(connection)

    def drop(self, connection, reset=False):
        for end in connection.ends:
            del self.connections[end]
            with contextlib.suppress(KeyError):
                self.selector.unregister(end)
        connection.close(reset)

    def serve(self, end, events):
        connection = self.connections[end]
        try:
            if events & selectors.EVENT_READ:
                connection.read(end)
            if events & selectors.EVENT_WRITE:
                connection.write(end)
        except OSError:
            self.drop(connection, reset=True)
            return
        if connection.is_over() and not any(connection.waiting.values()):
            self.drop(connection)
        else:
            self.watch(connection)

    def pass_on(self):
        while not self.closing:
            for key, events in self.selector.select():
                if key.fileobj is self.order_end:
                    self.obey(self.order_end.recv(1))
                elif self.held:
                    continue # found ready before the order
                elif key.fileobj in self.listeners:
                    self.accept(key.fileobj)
                elif key.fileobj in self.connections:
                    self.serve(key.fileobj, events)
