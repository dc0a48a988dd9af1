import logging

from flask import Blueprint, Flask, Response, request
from program import answer_marks, header_value, record, tell
from werkzeug.serving import make_server


def answer(handler, status=200):
    target = request.environ["REQUEST_URI"]
    record(handler, request.headers.get("x-case", ""), target)
    headers = {"x-handler": header_value(handler)}
    return Response(target.encode("utf-8", "surrogateescape"), status, headers)


admin = Blueprint("admin", __name__, url_prefix="/admin")


@admin.get("/")
@admin.get("/<path:path>")
def any_admin(path=""):
    return answer("admin")


app = Flask(__name__)
app.register_blueprint(admin)


@app.get("/rooms/<id>")
def room(id):
    return answer("room:" + id)


@app.get("/status")
def status():
    return answer("status")


@app.get("/")
def home():
    return answer("home")


@app.errorhandler(404)
def other(_):
    return answer("other", 404)


logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
server = make_server("127.0.0.1", 0, app, threaded=True)
tell({"port": server.server_port})
answer_marks()
server.serve_forever()
