import * as core from '@cornerstonejs/core';
import * as loader from '@cornerstonejs/dicom-image-loader';
import * as tools from '@cornerstonejs/tools';
import { asItIs } from './stack.js';

const { Enums: { MouseBindings }, StackScrollTool, WindowLevelTool, ZoomTool, PanTool, LengthTool, AngleTool, EllipticalROITool, ToolGroupManager } = tools;

/** What the left button can do, by the name that the page has for it. */
const primary = {
  window: WindowLevelTool, scroll: StackScrollTool, zoom: ZoomTool, pan: PanTool, length: LengthTool, angle: AngleTool, region: EllipticalROITool,
};
const measures = [LengthTool, AngleTool, EllipticalROITool];

/** How an empty pane is looked at. */
export const nothing = { index: 0, count: 0, instance: '', center: null, width: null, zoom: 1, layers: '' };

let isReady = false;

/** Images of which only some quality layers have come, and how many of how many: they are coarse, and not for diagnosis. */
const coarse = new Map();
/** Images that are waited for until they are whole. */
const awaited = new Set();
const asked = new WeakMap();

/** A frame is asked for as it is now, unless it is waited for; the node says when it is not all of it. */
const frames = {
  beforeSend: async (request, imageId) => {
    asked.set(request, imageId);
    return awaited.has(imageId) ? {} : asItIs;
  },
  beforeProcessing: async request => {
    const layers = request.getResponseHeader('Panal-Layers');
    if (layers) coarse.set(asked.get(request), layers);
    else coarse.delete(asked.get(request));
    return request.response;
  },
};

/** The one rendering engine: made before it is needed, and kept for the next study. */
let engine = null;

/** Makes all ready that the first image would wait for: the decoders' workers, and the contexts that images are drawn in. */
export function warm() {
  prepare();
  engine ??= new core.RenderingEngine('engine');
}

function prepare() {
  if (isReady) return;
  // Two panes are all there are; a context for each of seven would be made before the first image.
  core.init({ rendering: { webGlContextCount: 2 } });
  loader.init({ maxWebWorkers: Math.max(1, Math.min(4, (navigator.hardwareConcurrency ?? 2) - 1)), ...frames });
  tools.init();
  for (const tool of Object.values(primary)) tools.addTool(tool);
  // What was looked at stays in memory up to this; images of a study come again from the node when it is more.
  core.cache.setMaxCacheSize(1024 * 1024 * 1024);
  isReady = true;
}

/** Tells the engine what an image is before it is asked for. */
export function describe(imageIds, dataSet) {
  prepare();
  for (const imageId of imageIds) loader.wadors.metaDataManager.add(imageId, dataSet);
}

/** The panes of one viewer, which share the tool of the left button. */
export class Panes {
  constructor(onChange) {
    this.id = crypto.randomUUID?.() ?? String(Math.random());
    warm();
    this.engine = engine;
    this.group = ToolGroupManager.createToolGroup(`tools-${this.id}`);
    this.onChange = onChange;
    this.panes = new Map();
    for (const tool of Object.values(primary)) this.group.addTool(tool.toolName);
    this.choose('window');
  }

  /** Gives the left button a tool; wheel, middle and right button always scroll, move and enlarge. */
  choose(name) {
    for (const tool of Object.values(primary)) this.group.setToolPassive(tool.toolName, { removeAllBindings: true });
    const bindings = new Map([
      [PanTool.toolName, [{ mouseButton: MouseBindings.Auxiliary }]],
      [ZoomTool.toolName, [{ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 }]],
      [StackScrollTool.toolName, [{ mouseButton: MouseBindings.Wheel }]],
    ]);
    const chosen = primary[name].toolName;
    bindings.set(chosen, [...(bindings.get(chosen) ?? []), { mouseButton: MouseBindings.Primary }]);
    for (const [tool, all] of bindings) this.group.setToolActive(tool, { bindings: all });
    for (const tool of measures) if (tool.toolName !== chosen) this.group.setToolPassive(tool.toolName);
  }

  /** Puts a pane on an element of the page. */
  open(key, element) {
    const viewportId = `pane-${key}-${this.id}`;
    this.engine.enableElement({ viewportId, type: core.Enums.ViewportType.STACK, element, defaultOptions: { background: [0, 0, 0] } });
    this.group.addViewport(viewportId, this.engine.id);
    const tell = () => this.onChange(key, this.look(key));
    for (const event of ['STACK_NEW_IMAGE', 'IMAGE_RENDERED', 'VOI_MODIFIED']) element.addEventListener(core.Enums.Events[event], tell);
    element.addEventListener('contextmenu', event => event.preventDefault());
    const watch = new ResizeObserver(() => this.engine.resize(true, true));
    watch.observe(element);
    this.panes.set(key, { viewportId, element, watch, count: 0 });
  }

  close(key) {
    const pane = this.panes.get(key);
    if (!pane) return;
    this.stop(key);
    pane.watch.disconnect();
    this.group.removeViewports(this.engine.id, pane.viewportId);
    this.engine.disableElement(pane.viewportId);
    this.panes.delete(key);
  }

  viewport(key) {
    const pane = this.panes.get(key);
    return pane && this.engine.getViewport(pane.viewportId);
  }

  /** Shows images; those that are there already stay as they are looked at when more arrive behind or between them. */
  async show(key, imageIds, isSameSeries) {
    const viewport = this.viewport(key);
    if (!viewport || imageIds.length === 0) return;
    const shown = isSameSeries && viewport.getImageIds().length > 0 ? viewport.getCurrentImageId() : null;
    const index = shown ? Math.max(0, imageIds.indexOf(shown)) : 0;
    const look = shown ? { properties: viewport.getProperties(), zoom: viewport.getZoom(), pan: viewport.getPan() } : null;
    await viewport.setStack(imageIds, index);
    if (look) {
      viewport.setProperties({ voiRange: look.properties.voiRange, invert: look.properties.invert });
      viewport.setZoom(look.zoom);
      viewport.setPan(look.pan);
    }
    viewport.render();
    this.onChange(key, this.look(key));
  }

  /** Shows the image in front anew, when more of it has come. */
  async renew(imageId) {
    for (const key of this.panes.keys()) {
      const viewport = this.viewport(key);
      if (viewport?.getCurrentImageId() !== imageId) continue;
      const look = { properties: viewport.getProperties(), zoom: viewport.getZoom(), pan: viewport.getPan() };
      await viewport.setStack(viewport.getImageIds(), viewport.getCurrentImageIdIndex());
      viewport.setProperties({ voiRange: look.properties.voiRange, invert: look.properties.invert });
      viewport.setZoom(look.zoom);
      viewport.setPan(look.pan);
      viewport.render();
      this.onChange(key, this.look(key));
    }
  }

  /** What a pane shows now: image, window, enlargement. */
  look(key) {
    const viewport = this.viewport(key);
    const count = viewport?.getImageIds().length ?? 0;
    if (count === 0) return nothing;
    const range = viewport.getProperties().voiRange;
    const level = range && core.utilities.windowLevel.toWindowLevel(range.lower, range.upper);
    return {
      index: viewport.getCurrentImageIdIndex(), count, instance: viewport.getCurrentImageId()?.split('/instances/')[1]?.split('/')[0] ?? '',
      center: level ? Math.round(level.windowCenter) : null, width: level ? Math.round(level.windowWidth) : null,
      zoom: this.scale(key), layers: coarse.get(viewport.getCurrentImageId()) ?? '',
    };
  }

  /** Points of the screen for one sample of the image. */
  scale(key) {
    const viewport = this.viewport(key);
    const image = viewport?.getImageData();
    if (!image) return 1;
    const { origin, direction, spacing } = image;
    const along = [0, 1, 2].map(axis => origin[axis] + direction[axis] * spacing[0] * 100);
    const [a, b] = [viewport.worldToCanvas(origin), viewport.worldToCanvas(along)];
    return Math.hypot(b[0] - a[0], b[1] - a[1]) / 100;
  }

  /** One sample of the image on one dot of the screen. */
  actualSize(key) {
    const viewport = this.viewport(key);
    if (!viewport?.getImageIds().length) return;
    viewport.resetCamera();
    viewport.setZoom(viewport.getZoom() / this.scale(key) / devicePixelRatio);
    viewport.render();
  }

  scroll(key, images) {
    this.viewport(key)?.scroll(images, false, false);
  }

  async jump(key, index) {
    const viewport = this.viewport(key);
    if (viewport && index >= 0 && index < viewport.getImageIds().length) await viewport.setImageIdIndex(index);
  }

  window(key, center, width) {
    const viewport = this.viewport(key);
    if (!viewport?.getImageIds().length) return;
    const { lower, upper } = core.utilities.windowLevel.toLowHighRange(width, center);
    viewport.setProperties({ voiRange: { lower, upper } });
    viewport.render();
  }

  invert(key) {
    const viewport = this.viewport(key);
    if (!viewport?.getImageIds().length) return;
    viewport.setProperties({ invert: !viewport.getProperties().invert });
    viewport.render();
  }

  zoom(key, factor) {
    const viewport = this.viewport(key);
    if (!viewport?.getImageIds().length) return;
    viewport.setZoom(viewport.getZoom() * factor);
    viewport.render();
  }

  reset(key) {
    const viewport = this.viewport(key);
    if (!viewport?.getImageIds().length) return;
    viewport.resetProperties();
    viewport.resetCamera();
    viewport.render();
  }

  forgetMeasures() {
    tools.annotation.state.removeAllAnnotations();
    this.engine.render();
  }

  play(key, framesPerSecond) {
    const pane = this.panes.get(key);
    if (pane && this.viewport(key).getImageIds().length > 1) tools.utilities.cine.playClip(pane.element, { framesPerSecond, loop: true });
  }

  stop(key) {
    const pane = this.panes.get(key);
    if (pane) tools.utilities.cine.stopClip(pane.element);
  }

  destroy() {
    for (const key of [...this.panes.keys()]) this.close(key);
    tools.annotation.state.removeAllAnnotations();
    ToolGroupManager.destroyToolGroup(this.group.id);
    core.cache.purgeCache();
  }
}

/** Waits for the coarse images to be whole, those around the one that is looked at first; tells of each. */
export async function refine(imageIds, inFront, onRefined, signal) {
  const lanes = Array.from({ length: 2 }, async () => {
    for (let imageId = next(); imageId && !signal.aborted; imageId = next()) {
      awaited.add(imageId);
      try {
        // What is coarse stays on the screen until the whole image takes its place; the memory would answer with it again.
        core.cache.setPartialImage(imageId);
        await core.imageLoader.loadAndCacheImage(imageId, { requestType: core.Enums.RequestType.Prefetch, priority: 0, ignoreCache: true });
        await onRefined(imageId);
      } catch {
        // It stays coarse and marked; whoever opens the series again asks again.
      }
    }
  });
  await Promise.all(lanes);

  function next() {
    const at = Math.max(0, imageIds.indexOf(inFront()));
    let found;
    for (const [index, imageId] of imageIds.entries()) {
      if (coarse.has(imageId) && !awaited.has(imageId) && (!found || Math.abs(index - at) < found.distance)) found = { imageId, distance: Math.abs(index - at) };
    }
    return found?.imageId;
  }
}

/** How many of these are coarse. */
export const coarseOf = imageIds => imageIds.filter(imageId => coarse.has(imageId)).length;

/** Brings images into the memory of the browser, a few at a time, in the order given; tells of each. */
export async function load(imageIds, onLoaded, signal) {
  const left = imageIds.filter(imageId => !core.cache.getImageLoadObject(imageId) || (onLoaded(imageId), false));
  const lanes = Array.from({ length: 3 }, async () => {
    for (let imageId = left.shift(); imageId && !signal.aborted; imageId = left.shift()) {
      try {
        await core.imageLoader.loadAndCacheImage(imageId, { requestType: core.Enums.RequestType.Prefetch, priority: 0 });
        onLoaded(imageId);
      } catch {
        onLoaded(imageId, true);
      }
    }
  });
  await Promise.all(lanes);
}
